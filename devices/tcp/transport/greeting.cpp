#include "devices/tcp/transport/greeting.hpp"

#include <fmt/format.h>

#include <cstring>
#include <span>

namespace dkvm::tcp {

Result<bool> Greeting::advance() {
  if (!shaken_) {
    DKVM_TRY(shaken_, stream_.handshake());
    if (!shaken_) return false;
    if (!say_.empty()) DKVM_CHECK(say());
  }
  return read();
}

// Who is refused is told in TLS, and then the connection is gone: the reason is worth more
// than that.
Result<> Greeting::say() {
  auto said = stream_.write_whole(say_);
  if (said || said.error().code() != Errc::disconnected) return said;
  if (const auto heard = read(); !heard && heard.error().code() == Errc::denied)
    return fail(heard.error());
  return said;
}

// The header first, which says how much more there is: what follows the hello is for whoever
// has the stream next.
Result<bool> Greeting::read() {
  for (;;) {
    DKVM_TRY(const std::size_t got,
             stream_.read(std::span(bytes_).subspan(filled_, wanted_ - filled_)));
    if (got == 0) return false;
    filled_ += got;
    if (filled_ < wanted_) continue;
    FrameDecoder decoder(Bytes(bytes_.data(), filled_));
    Frame frame;
    if (decoder.next(frame)) {
      DKVM_TRY(hello_, read_hello(frame));
      return true;
    }
    if (decoder.fault() != FrameFault::none)
      return fail(Errc::corrupt, std::string(describe(decoder.fault())));
    wanted_ = frame_bytes(frame.header);
    if (wanted_ > bytes_.size())
      return fail(Errc::corrupt, fmt::format("its hello has {} bytes, expected at most {}", wanted_,
                                             bytes_.size()));
  }
}

}  // namespace dkvm::tcp
