#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::bench {

// A program to start: descriptors are {ours, the child's}, all others close.
struct Command {
  std::vector<std::string> args;
  std::vector<std::pair<int, int>> fds;
  std::vector<std::string> environment;  // in addition to ours: "NAME=value"
};

// A child process, which does not outlive its owner.
class Process {
 public:
  static Result<Process> start(const Command& command);

  Process() = default;
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Process();

  pid_t pid() const { return pid_; }
  // Asks with SIGTERM, and after the grace insists with SIGKILL.
  void stop(std::chrono::milliseconds grace);
  // Until it has ended by itself: its exit status, or 128 and the signal.
  int wait();
  // True when it has ended by itself within the time.
  bool reap(std::chrono::milliseconds timeout);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_ = 0;
};

struct SocketPair {
  detail::Fd a;
  detail::Fd b;
};
Result<SocketPair> make_socket_pair();
// The same over TCP and the loopback, without delay.
Result<SocketPair> make_tcp_pair();

// The folder of the running program.
std::string own_folder();

// A folder that goes with its owner.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make();

  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace dkvm::bench
