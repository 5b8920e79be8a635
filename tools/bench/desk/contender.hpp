#pragma once

#include "tools/bench/desk/x_screen.hpp"
#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/link/desk.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::bench {

// One way to work at `far` while sitting at `near`, on screens of its own.
struct Contender {
  std::string name;
  std::optional<XScreen> near;
  std::optional<XScreen> far;
  std::vector<KernelRun> kernels;
  std::vector<Process> processes;
  // Ours: starts another far kernel. Life: as long as the bench
  std::function<Result<KernelRun>()> start_far{};

  // What our kernels logged last, for errors; empty for others.
  std::string log_tail() const;
  // Everything but the X servers.
  std::vector<pid_t> pids() const;
};

// Programs of others, by their paths. Errors: Errc::not_found, naming the package.
Result<> require(const std::string& path, const std::string& package);

// Starts a program whose output goes to a file of the folder.
Result<Process> start_logged(const LinkBench& bench, const std::string& name,
                             std::vector<std::string> args,
                             std::vector<std::string> environment = {});

// --- the contenders; each has two new screens --------------------------------------

// The whole desk: keys, mouse and screen over TLS. kernels: near, far.
Result<Contender> start_dkvm(LinkBench& bench, const std::string& name);
// Keys and mouse, over TLS with certificates on both sides.
Result<Contender> start_barrier(LinkBench& bench);
// The screen alone; started by each round anew, as GStreamer's does not rest.
Result<Contender> start_vnc(LinkBench& bench);
Result<Contender> start_gstreamer(LinkBench& bench, int fps);

// F12 goes to the far screen, at each contender's.
inline constexpr std::uint16_t kSwitchKey = 88;  // KEY_F12

}  // namespace dkvm::bench
