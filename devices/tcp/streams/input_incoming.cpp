#include "devices/tcp/streams/input_incoming.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::tcp {

void InputIncoming::opened() {
  if (std::none_of(offer_.topics.begin(), offer_.topics.end(),
                   [](const std::string& topic) { return brings_buffers(topic); }))
    return;
  port_->on_pool_refused([this](const Error& why) {
    log_warning("link/" + address() + ": no memory for what the peer sends: " + why.message());
  });
  [[maybe_unused]] const auto asked =
      port_->open_pool({.slot_bytes = kInlineBodyMax, .slots = kSlots});
}

Result<> InputIncoming::event(const Frame& event) {
  if (body_) return fail(Errc::corrupt, "the peer sent an event before the body of the last one");
  if (event.header.buffer_count() != 0) return begin_body(event);
  DKVM_TRY(const auto admitted, admit(event));
  if (admitted) relay(*admitted);
  return {};
}

Result<> InputIncoming::begin_body(const Frame& event) {
  const std::uint64_t total = event.buffer(0).length();
  if (event.header.buffer_count() != 1 || total == 0 || total > kInlineBodyMax)
    return fail(Errc::corrupt, fmt::format("the peer sent {} buffers, the first of {} bytes",
                                           event.header.buffer_count(), total));
  body_.emplace();
  append_frame(body_->event, event);
  body_->sequence = event.header.sequence();
  body_->total = total;
  if (!port_) return {};
  if (auto slot = port_->borrow())
    body_->slot = std::move(*slot);
  else
    ++shared_.drops.late;
  return {};
}

Result<> InputIncoming::chunk(const Frame& chunk) {
  const std::size_t bytes = chunk.payload.size();
  if (!body_ || chunk.header.sequence() != body_->sequence || bytes == 0 ||
      chunk.header.origin_sequence() != body_->got || bytes > body_->total - body_->got)
    return fail(Errc::corrupt, "the peer sent a chunk of an event that did not come");
  if (body_->slot)
    std::memcpy(body_->slot.bytes().data() + body_->got, chunk.payload.data(), bytes);
  body_->got += bytes;
  return body_->got == body_->total ? end_body() : Result<>{};
}

Result<> InputIncoming::end_body() {
  Body body = std::move(*std::exchange(body_, std::nullopt));
  FrameDecoder decoder(body.event);
  Frame event;
  decoder.next(event);  // it was whole when it came
  DKVM_TRY(const auto admitted, admit(event));
  if (!admitted || !body.slot) return {};
  relay(*admitted, std::move(body.slot), body.total);
  return {};
}

// What was half there came over the connection before.
void InputIncoming::tell_again() {
  body_.reset();
  Incoming::tell_again();
}

Result<> InputIncoming::need(std::uint64_t) {
  return fail(Errc::corrupt, "the peer wants slots for a stream that needs none");
}

}  // namespace dkvm::tcp
