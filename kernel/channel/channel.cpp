#include "kernel/channel/channel.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dkvm {

Channel::Channel(Loop& loop, UniqueFd stream, ChannelScratch& scratch, ChannelOwner& owner,
                 std::size_t write_budget)
    : stream_(std::move(stream)),
      scratch_(scratch),
      owner_(owner),
      write_budget_(write_budget),
      poll_(loop, stream_.get(), [this](PollEvents events) { on_ready(events); }) {
  poll_.watch(true, false);
}

void Channel::narrow(std::size_t write_budget, int send_bytes) {
  write_budget_ = write_budget;
  ::setsockopt(stream_.get(), SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
}

void Channel::on_ready(PollEvents events) {
  if (closed_) return;
  writable_ = writable_ || events.writable;
  // A hang-up is read like data: what was written before it still counts.
  readable_ = readable_ || events.readable || events.hangup || events.error != 0;
  if (busy()) return scratch_.turns.add(*this);
  take_turn();
}

void Channel::take_turn() {
  const bool readable = std::exchange(readable_, false);
  if (std::exchange(writable_, false)) flush();
  if (readable && !closed_) read_turn();
}

// The bytes lie in memory that all channels share; what is left of them is the
// beginning of one frame at most.
bool Channel::read_turn() {
  std::byte* const input = scratch_.input.get();
  const std::size_t kept = partial_.size();
  if (kept != 0) std::memcpy(input, partial_.data(), kept);
  const std::size_t got = receive({input + kept, kReadBytesPerTurnMax});
  more_to_read_ = got == kReadBytesPerTurnMax;
  if (got == 0) return false;
  const std::uint64_t received_ns = now_ns();
  FrameDecoder decoder({input, kept + got});
  Frame frame;
  while (decoder.next(frame))
    if (!owner_.on_frame(frame, received_ns)) break;
  if (decoder.fault() != FrameFault::none)
    fail_with(Error(Errc::corrupt, std::string(describe(decoder.fault()))));
  if (!closed_) partial_.assign(input + decoder.consumed(), input + kept + got);
  owner_.on_turn_end();
  return !closed_;
}

void Channel::read_all() {
  for (int turn = 0; turn < kDrainTurnsMax && !closed_ && read_turn();) ++turn;
}

// No ancillary buffer: descriptors that a device sends are refused by the
// system, so it cannot make the kernel hoard them.
std::size_t Channel::receive(std::span<std::byte> room) {
  const ssize_t got = ::recv(stream_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) {
    fail_with(Error(Errc::disconnected, "it closed its stream"));
  } else if (errno != EAGAIN && errno != EINTR) {
    fail_with(
        Error(Errc::disconnected, fmt::format("reading its stream: {}", std::strerror(errno))));
  }
  return 0;
}

void Channel::send(Frame frame, SharedFd fd) {
  if (!closed_) outbox_.append(frame, std::move(fd));
}

void Channel::flush() {
  if (closed_) return;
  if (outbox_.size() > kUnreadBytesMax)
    return fail_with(
        Error(Errc::overloaded,
              fmt::format("it has left {} bytes of the kernel's messages unread", outbox_.size())));
  if (outbox_.descriptors() > kUnreadDescriptorsMax)
    return fail_with(
        Error(Errc::overloaded,
              fmt::format("it has left {} descriptors unread, of shared memory that was opened "
                          "for it, expected at most {}",
                          outbox_.descriptors(), kUnreadDescriptorsMax)));
  more_to_write_ = false;
  std::size_t sent = 0;
  while (send_waiting()) {
    std::byte* const output = scratch_.output.get();
    const std::size_t filled = owner_.fill({output, ChannelScratch::kBytes}, write_budget_);
    if (!send_events({output, filled})) return;
    if (filled < write_budget_ && outbox_.empty()) return watch(false);
    sent += filled;
    if (sent < kWriteBytesPerTurnMax) continue;
    more_to_write_ = true;
    return watch(true);
  }
}

// True when nothing waits any more.
bool Channel::send_waiting() {
  if (outbox_.empty()) return true;
  const auto sent = outbox_.send(stream_.get());
  if (sent && *sent) return true;
  watch(sent.has_value());  // a broken stream: its reading side sees the end
  if (!sent && sent.error().code() != Errc::disconnected) fail_with(sent.error());
  return false;
}

// Events go from the scratch memory right to the socket; what it does not take
// waits in the outbox, before frames that come later.
bool Channel::send_events(Bytes bytes) {
  if (!outbox_.empty()) {
    outbox_.append(bytes);
    return true;
  }
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(stream_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      const bool full = errno == EAGAIN;
      if (full) outbox_.append(bytes);
      watch(full);
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

void Channel::watch(bool writable) {
  if (writable == writable_watched_) return;
  writable_watched_ = writable;
  poll_.watch(true, writable);
}

void Channel::fail_with(Error error) {
  if (closed_) return;
  close();
  owner_.on_closed(error, !partial_.empty());
}

void Channel::close() {
  if (closed_) return;
  closed_ = true;
  outbox_ = {};  // with descriptors that nobody will take
  poll_.watch(false, false);
}

}  // namespace dkvm
