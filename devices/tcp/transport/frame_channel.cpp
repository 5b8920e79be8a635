#include "devices/tcp/transport/frame_channel.hpp"

#include "devices/tcp/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace dkvm::tcp {
namespace {

// A whole frame and, behind it, what a turn brings.
constexpr std::size_t kInputBytesMax = kFrameBytesMax + kChannelReadBytesPerTurnMax;
constexpr std::size_t kRecordBytesMax = 16 * 1024;  // of TLS

}  // namespace

std::shared_ptr<FrameChannel> FrameChannel::make(Context& context, TlsStream stream) {
  return std::shared_ptr<FrameChannel>(new FrameChannel(context, std::move(stream)));
}

FrameChannel::FrameChannel(Context& context, TlsStream stream)
    : context_(context), stream_(std::move(stream)), input_(new std::byte[kInputBytesMax]) {
  stream_.read_ahead();
}

FrameChannel::~FrameChannel() { close(); }

Result<> FrameChannel::open(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  const auto ready = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ready();
  };
  DKVM_CHECK(context_.watch(stream_.fd(), ready));
  open_ = true;
  read_again();  // what came with the hello lies in the stream, not in the socket
  return {};
}

Result<> FrameChannel::send(Frame frame) {
  if (!open_) return fail(Errc::disconnected, "the connection is closed");
  seal(frame);
  const std::size_t bytes = frame_bytes(frame.header);
  if (backlog() + bytes > kChannelBacklogMax)
    return fail(Errc::exhausted, fmt::format("{} bytes wait for the peer, which is the most: it "
                                             "takes them more slowly than they come",
                                             backlog()));
  append_frame(out_, frame);
  return {};
}

void FrameChannel::flush() {
  if (!open_ || backlog() == 0) return;
  if (const auto written = write(); !written) return lose(written.error());
  watch_what_is_due();
}

void FrameChannel::close() {
  if (!open_) return;
  open_ = false;
  if (backlog() != 0) [[maybe_unused]]
    const auto tried = write();
  stream_.shut();
  context_.forget(stream_.fd());
}

void FrameChannel::ready() {
  if (const auto read_all = read(); !read_all) return lose(read_all.error());
  if (!open_) return;
  if (const auto written = write(); !written) return lose(written.error());
  const bool drained = backlog() == 0 && std::exchange(behind_, false);
  watch_what_is_due();
  if (drained && callbacks_.drained) callbacks_.drained();
}

// The stream holds more than a turn's share: it tells nobody, so that we must ask.
void FrameChannel::read_again() {
  if (std::exchange(reading_again_, true)) return;
  context_.after(std::chrono::nanoseconds{0}, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->open_) return;
    self->reading_again_ = false;
    self->ready();
  });
}

Result<> FrameChannel::read() {
  std::size_t read = 0;
  bool heard = false;
  while (open_ && read < kChannelReadBytesPerTurnMax) {
    DKVM_TRY(const std::size_t got,
             stream_.read({input_.get() + filled_, kInputBytesMax - filled_}));
    if (got == 0) return {};
    read += got;
    filled_ += got;
    received_bytes_ += got;
    if (!std::exchange(heard, true) && callbacks_.heard) callbacks_.heard();
    if (open_) DKVM_CHECK(decode());
  }
  if (open_) read_again();
  return {};
}

Result<> FrameChannel::decode() {
  FrameDecoder decoder(Bytes(input_.get(), filled_));
  Frame frame;
  while (open_ && decoder.next(frame)) callbacks_.frame(frame);
  if (!open_) return {};
  if (decoder.fault() != FrameFault::none)
    return fail(Errc::corrupt, std::string(describe(decoder.fault())));
  filled_ -= decoder.consumed();
  if (filled_ != 0 && decoder.consumed() != 0)
    std::memmove(input_.get(), input_.get() + decoder.consumed(), filled_);
  return {};
}

// Into the socket goes only what should soon be on the wire: what waits here can still be
// held back by those who send.
Result<> FrameChannel::write() {
  while (backlog() != 0 && stream_.unsent() < kInputUnsentBytesMax) {
    const Bytes waiting = Bytes(out_).subspan(sent_);
    DKVM_TRY(const std::size_t taken,
             stream_.write(waiting.first(std::min(waiting.size(), kRecordBytesMax))));
    if (taken == 0) break;
    sent_ += taken;
    sent_bytes_ += taken;
  }
  if (backlog() == 0) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ > out_.size() / 2) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
  return {};
}

void FrameChannel::watch_what_is_due() {
  behind_ = behind_ || backlog() != 0;
  const bool wanted = behind_ || stream_.wants_write();
  if (wanted == std::exchange(writable_wanted_, wanted)) return;
  context_.watch_writable(stream_.fd(), wanted);
}

// A peer that sends nonsense can still be told so: its channel is open until it has been.
void FrameChannel::lose(const Error& why) {
  if (!open_) return;
  const auto keep = shared_from_this();
  const auto lost = std::exchange(callbacks_.lost, nullptr);
  if (why.code() != Errc::corrupt) {
    open_ = false;
    context_.forget(stream_.fd());
  }
  if (lost) lost(why);
  close();
}

}  // namespace dkvm::tcp
