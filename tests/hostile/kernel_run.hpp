#pragma once

#include "tests/support/temp_dir.hpp"

#include <sys/types.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::test {

using Json = nlohmann::json;

// A real dkvm-kernel with a control device, in a directory of its own. Beside
// whatever the test adds runs a bystander: a keyboard that types a thousand
// keys a second into a file, and must never notice anything.
// Every wait fails the test when it takes too long, with the kernel's log.
class KernelRun {
 public:
  // devices, pipelines: lines of YAML, indented as the sections want them.
  // bystander_keys: how much the bystander types, in thousands a second.
  KernelRun(const std::string& devices, const std::string& pipelines, std::size_t bystander_keys);
  KernelRun(const KernelRun&) = delete;
  KernelRun& operator=(const KernelRun&) = delete;
  ~KernelRun();

  // A device of the kernel as `dkvmctl devices` tells of it; null without one.
  Json device(const std::string& name);
  // The same device as `dkvmctl device NAME` tells of it, with its ports.
  Json details(const std::string& name) { return ctl("device " + name); }
  Json deaths(const std::string& name);
  Json pipeline(const std::string& name);
  // The pools of shared memory, as `memory.stats` tells of them.
  Json pools();

  // Waits until `holds` does; looks again and again, and watches the kernel's
  // descriptors meanwhile.
  void wait_until(const std::string& what, const std::function<bool()>& holds,
                  std::chrono::seconds time_max = std::chrono::seconds(30));
  // The same for a device that has come to an end: failed, with this reason.
  void wait_failed(const std::string& name, std::string_view reason);
  void wait_state(const std::string& name, std::string_view state);

  // The bystander has typed everything, and all of it is in its file in order.
  void check_bystander();

  // Asks the kernel to end and holds it to its word: 0 within 3 s, nobody of
  // this run left alive, no core file, modest memory, few descriptors.
  void check_clean_stop();

  // SIGKILLs the kernel, and starts another one in the same directory.
  void kill_kernel();
  void start_again();
  pid_t kernel() const { return pid_; }

  // Of processes that this run has started, however far away they went.
  std::vector<pid_t> processes() const;

  std::string file(const std::string& name) const { return dir_.file(name); }
  std::string log() const { return read_file(file("kernel.log")); }
  std::size_t descriptors() const;
  std::size_t descriptors_max() const { return descriptors_max_; }

 private:
  explicit KernelRun(std::size_t bystander_keys);
  void write_bystander(std::size_t keys);
  void spawn();
  std::optional<int> ended();
  std::string log_tail() const;
  Json ctl(const std::string& command);

  TempDir dir_;
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::size_t descriptors_max_ = 0;
};

// The YAML of a device that is a liar, never started again.
std::string liar(const std::string& lie, const std::string& more = "");

// Events of a sink's file, without their times.
std::vector<std::string> events_of(const std::string& path);

}  // namespace dkvm::test
