#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "kernel/device_manager/process.hpp"
#include "kernel/loop/unique_fd.hpp"

namespace dkvm {

enum class Stdio : std::uint8_t {
  stream,   // stdin and stdout are one AF_UNIX stream socket; `output` is the other end
  capture,  // stdin is empty, stdout a pipe; `output` reads it
  none,     // stdin is empty, stdout goes nowhere
};

struct SpawnRequest {
  Program program;
  Stdio stdio = Stdio::stream;
};

// A process of ours, in a session of its own. All descriptors are non-blocking
// and close on exec.
struct Process {
  ProcessId pid = 0;
  UniqueFd handle;  // becomes readable when it ends; names this process and no later one
  UniqueFd output;  // as Stdio says
  UniqueFd log;     // its stderr
};

class Spawner {
 public:
  virtual ~Spawner() = default;

  // Returns when the launcher runs (about 0.1 ms). That it could not become the
  // program is told by its exit status (process.hpp), with a line on stderr.
  // Errors: Errc::exhausted when the system has no process or descriptor left,
  //         Errc::not_found when the launcher itself is missing.
  virtual Result<Process> spawn(const SpawnRequest& request) = 0;
};

// Life: processes are told to end when the thread that calls spawn() ends.
std::unique_ptr<Spawner> make_spawner(std::string launcher_path);

}  // namespace dkvm
