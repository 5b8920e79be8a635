#pragma once

#include "tools/bench/harness/control.hpp"
#include "tools/bench/harness/frame_stream.hpp"
#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/harness/process.hpp"
#include "tools/bench/harness/scenario.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::bench {

// What the parts of the scenario `frames` share. Life: all of it outlives them.
struct FramesBench {
  const Options& options;
  const TemporaryFolder& folder;
  Conductor& conductor;
  Report& report;
};

// A source of frames and sinks of them, with a kernel or a peer in the middle.
struct FrameDesk {
  std::string source;  // names at the control socket
  std::vector<std::string> sinks;
  pid_t middle = 0;
  std::vector<Process> processes;  // of a peer: its middle first
  Conductor* conductor = nullptr;  // of a peer: which ends when it hangs up
  std::optional<KernelRun> kernel;

  FrameDesk() = default;
  FrameDesk(FrameDesk&&) noexcept = default;
  FrameDesk& operator=(FrameDesk&&) = delete;
  ~FrameDesk();
};

// sink_keys: further keys of the sinks' devices in the YAML.
Result<FrameDesk> start_frame_desk(FramesBench& bench, const std::string& name, int sinks,
                                   const std::string& sink_keys = "");
// Errors: Errc::not_found when it is not installed, Errc::timeout when its daemon
//         does not come up.
Result<FrameDesk> start_iceoryx_desk(FramesBench& bench, int sinks);

// The middle on another processor than the ends; without a middle on the path
// the sinks on another than the source.
Result<> place(const Conductor& conductor, const FrameDesk& desk, bool middle_on_path);

// Frames one after the other; Order says the rest.
struct FrameBatch {
  bool buffers = true;  // or plain events
  std::uint64_t bytes = 0;
  std::uint64_t beside = 0;  // and the source writes, each sink reads so many more, not handed off
  std::uint64_t count = 0;
  double rate_hz = 0;
  Reading reading = Reading::pages;
};

struct FrameRound {
  Outcome source;
  std::vector<Outcome> sinks;
  std::vector<double> latencies_us;  // of all sinks
  std::uint64_t lost = 0;            // numbers that did not come, of all sinks
  double cpu_us_per_frame = 0;       // of the middle
  double cpu_percent = 0;            // of the middle, of one processor
};

// look: called every few milliseconds while the frames pass.
// Errors: Errc::corrupt when a frame came torn or out of order.
Result<FrameRound> run_frames(FramesBench& bench, const FrameDesk& desk, const FrameBatch& batch,
                              const std::function<void()>& look = {});

}  // namespace dkvm::bench
