#pragma once

#include "kernel/loop/unique_fd.hpp"

#include <dkvm/result.hpp>

#include <string>
#include <string_view>

namespace dkvm {

// The socket at which a service manager hears of its service: sd_notify(3), one
// datagram a message. Without an address it is none, and swallows everything.
class NotifySocket {
 public:
  NotifySocket() = default;

  // `address`: $NOTIFY_SOCKET, "/path" or "@abstract"; empty for none.
  // Errors: Errc::invalid when it is no address, Errc::exhausted without descriptors.
  static Result<NotifySocket> of(std::string address);

  explicit operator bool() const { return static_cast<bool>(fd_); }

  // Waits for nothing. False: the manager has no room now, to be tried again.
  // Whoever is gone, or refuses, is not asked twice: true.
  bool send(std::string_view message);

 private:
  UniqueFd fd_;
  std::string address_;
};

}  // namespace dkvm
