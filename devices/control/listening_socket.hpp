#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <sys/types.h>

#include <string>

namespace dkvm {

// A unix socket that only its owner may connect to. It takes its name away
// when it ends, unless somebody else has put another there.
class ListeningSocket {
 public:
  // Makes the directory (0700) if it is missing, and clears away a socket that
  // nobody listens on any more.
  // Errors: Errc::invalid for a path that cannot be used, Errc::exhausted when
  //         another process listens there, Errc::denied.
  static Result<ListeningSocket> open(const std::string& path);

  ListeningSocket(ListeningSocket&&) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  ListeningSocket(detail::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<> bind_and_listen();

  detail::Fd fd_;
  std::string path_;
  dev_t device_ = 0;  // of the name that was made here
  ino_t inode_ = 0;
};

}  // namespace dkvm
