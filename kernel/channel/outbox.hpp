#pragma once

#include "kernel/loop/unique_fd.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace dkvm {

// A file descriptor on its way to a device, kept open until it has left.
using SharedFd = std::shared_ptr<const UniqueFd>;  // one pool's goes to many devices

// What a stream socket has not taken yet, in order, and the file descriptors
// that ride on the first bytes of some of it. Its owner bounds it.
class Outbox {
 public:
  void append(Bytes bytes);
  // A whole frame; fd may be null.
  void append(Frame frame, SharedFd fd);

  // Sends as much as the socket takes now. True when nothing is left.
  // Errors: the socket's; what was not sent is gone then.
  Result<bool> send(int socket);

  bool empty() const { return from_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - from_; }
  // Descriptors that have not left.
  std::size_t descriptors() const { return riders_.size(); }

 private:
  // Memory that an empty one keeps.
  static constexpr std::size_t kKeptBytesMax = 4 * 1024;
  // Sent bytes at its front, before it moves the rest there.
  static constexpr std::size_t kSentBytesMax = 64 * 1024;

  struct Rider {
    std::size_t at;  // of the first byte of its frame
    SharedFd fd;
  };

  void close_gap();
  long send_some(int socket);
  void clear();

  std::vector<std::byte> bytes_;
  std::size_t from_ = 0;
  std::vector<Rider> riders_;  // in order; those before from_ have left
};

}  // namespace dkvm
