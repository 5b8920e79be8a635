#pragma once

#include "devices/control/request_line.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dkvm {

// Where a session's calls go: the kernel in the device, a list in a test.
struct CallPort {
  // Returns the call's number; on_answer comes at most once, and later.
  std::function<Result<std::uint64_t>(ControlRequest request,
                                      std::function<void(const Answer&)> on_answer)>
      call;
  std::function<void(std::uint64_t number)> cancel;
};

// One client: its bytes become calls, the answers become bytes. It knows no
// descriptor. What it still waits for when it ends is cancelled.
class ControlSession {
 public:
  explicit ControlSession(CallPort port) : port_(std::move(port)) {}
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;
  ~ControlSession();

  // Takes what the client wrote, cut anywhere. A line that is no request is
  // answered with an error and nothing else happens.
  // Errors: Errc::invalid for a line that is too long, Errc::overloaded for a
  //         client that does not read: send the output and end the session.
  Result<> receive(std::string_view bytes);

  // Queues a word about the connection itself, the last one before it ends.
  void say(const Error& error) { queue(answer_line(std::nullopt, fail(error))); }

  std::string_view output() const { return output_; }
  void sent(std::size_t bytes) { output_.erase(0, bytes); }

  // More answers piled up than kClientOutputBytesMax: some are lost.
  bool overflowed() const { return overflowed_; }
  std::size_t calls_waiting() const { return waiting_.size(); }

 private:
  void take(std::string_view line);
  Result<> forward(ControlRequest request);
  void queue(std::string_view line);

  CallPort port_;
  std::string line_;  // the beginning of one that is not whole yet
  std::string output_;
  bool overflowed_ = false;
  std::unordered_map<std::uint64_t, std::uint64_t> waiting_;  // the client's id → call number
};

}  // namespace dkvm
