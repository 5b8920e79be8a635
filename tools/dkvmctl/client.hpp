#pragma once

#include "tools/dkvmctl/failure.hpp"
#include "tools/dkvmctl/json.hpp"
#include "tools/dkvmctl/socket_path.hpp"

#include <dkvm/detail/fd.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace dkvm::ctl {

// A connection to a kernel's control device. Calls block, one at a time.
class Client {
 public:
  // Errors: Kind::no_kernel with every path that was tried and why not.
  static Called<Client> connect(const SocketPaths& where);

  // params: JSON text. Waits a little longer than the deadline, which the
  // kernel watches.
  Called<Json> call(const std::string& target, const std::string& method, std::string params,
                    std::chrono::milliseconds deadline);

  // Waits until the other side hangs up. Errors: Errc::timeout when it does not
  // by then.
  Result<> wait_for_end(std::chrono::steady_clock::time_point until);

  // Ends a call at once, as lost, when this descriptor becomes readable.
  // Life: the descriptor outlives the client.
  void interrupted_by(int fd) { interrupt_ = fd; }

  const std::string& path() const { return path_; }

 private:
  using Clock = std::chrono::steady_clock;

  Client(detail::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<> send(std::string_view bytes, Clock::time_point until);
  Result<std::string> read_line(Clock::time_point until);
  Result<> wait(short events, Clock::time_point until);

  detail::Fd fd_;
  std::string path_;
  std::string input_;  // read but not used yet
  std::uint64_t last_id_ = 0;
  int interrupt_ = -1;
};

}  // namespace dkvm::ctl
