#pragma once

#include <dkvm/detail/fd.hpp>

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstring>
#include <deque>
#include <utility>

namespace dkvm::detail {

// File descriptors that come along with the bytes of a stream, in their order.
class FdInbox {
 public:
  static constexpr std::size_t kFdsMax = 16;  // unclaimed; those that come then are closed

  // recv(), and what rides on those bytes.
  ssize_t receive(int socket, void* bytes, std::size_t size) {
    iovec part{bytes, size};
    alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int) * kFdsMax)];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return got;
    for (cmsghdr* part_of = CMSG_FIRSTHDR(&message); part_of != nullptr;
         part_of = CMSG_NXTHDR(&message, part_of))
      if (part_of->cmsg_level == SOL_SOCKET && part_of->cmsg_type == SCM_RIGHTS) collect(*part_of);
    return got;
  }

  // The one that has waited longest; none when none waits.
  Fd take() {
    if (fds_.empty()) return Fd();
    Fd first = std::move(fds_.front());
    fds_.pop_front();
    return first;
  }

  // Nobody will claim what has come so far.
  void drop() { fds_.clear(); }

 private:
  void collect(const cmsghdr& part) {
    const std::size_t count = (part.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(&part) + i * sizeof(int), sizeof(int));
      Fd fd(number);
      if (fds_.size() < kFdsMax) fds_.push_back(std::move(fd));
    }
  }

  std::deque<Fd> fds_;
};

}  // namespace dkvm::detail
