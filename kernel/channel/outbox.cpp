#include "kernel/channel/outbox.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dkvm {

void Outbox::append(Bytes bytes) {
  close_gap();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void Outbox::append(Frame frame, SharedFd fd) {
  close_gap();
  if (fd) riders_.push_back({bytes_.size(), std::move(fd)});
  append_frame(bytes_, frame);
}

Result<bool> Outbox::send(int socket) {
  while (!empty()) {
    const long sent = send_some(socket);
    if (sent >= 0) {
      from_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      const int error = errno;
      clear();
      return fail(error == ETOOMANYREFS ? Errc::exhausted : Errc::disconnected,
                  fmt::format("writing to its stream: {}", std::strerror(error)));
    }
  }
  clear();
  return true;
}

// So that a socket which is never quite empty does not make it grow for ever.
void Outbox::close_gap() {
  if (from_ < kSentBytesMax || from_ < size()) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(from_));
  for (Rider& rider : riders_) rider.at -= from_;
  from_ = 0;
}

// A run of bytes up to the next descriptor, which must be the first of its own.
long Outbox::send_some(int socket) {
  const bool rides = !riders_.empty() && riders_.front().at == from_;
  const std::size_t next = rides ? 1 : 0;
  const std::size_t end = riders_.size() > next ? riders_[next].at : bytes_.size();
  iovec piece{bytes_.data() + from_, end - from_};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (rides) {
    const int fd = riders_.front().fd->get();
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  const long sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0 && rides) riders_.erase(riders_.begin());
  return sent;
}

void Outbox::clear() {
  bytes_.clear();
  if (bytes_.capacity() > kKeptBytesMax) bytes_.shrink_to_fit();
  from_ = 0;
  riders_.clear();
}

}  // namespace dkvm
