#include "devices/tcp/streams/input_outgoing.hpp"

#include <algorithm>
#include <vector>

namespace dkvm::tcp {

bool InputOutgoing::carry(const Frame& event, const EventInfo& info) {
  if (event.header.buffer_count() != 0) return carry_body(event, info.bytes());
  const bool late = may_be_late(event.header.topic());
  if (!shared_.sends() && late) {
    ++shared_.drops.late;
    return false;
  }
  const Frame frame = for_peer(event);
  if (!late) {
    std::vector<std::byte> bytes;
    append_frame(bytes, frame);
    shared_.unconfirmed.add(id_, frame.header.sequence(), std::move(bytes));
  }
  if (shared_.sends()) send(frame);
  return true;
}

void InputOutgoing::send(const Frame& event) {
  shared_.announce(event.header.topic());
  shared_.send(event);
}

// Sound that the connection does not take at once is late.
bool InputOutgoing::carry_body(const Frame& event, Bytes body) {
  const bool several = event.header.buffer_count() > 1;
  if (several || body.empty() || body.size() > kInlineBodyMax) {
    ++shared_.drops.oversize;
    return false;
  }
  if (!shared_.sends() || shared_.link.backlog() > kInputBacklogMax + kInlineBodyMax) {
    ++shared_.drops.late;
    return false;
  }
  wire::BufferRef ref;
  ref.mutate_length(body.size());
  Frame frame = for_peer(event);
  frame.buffers = std::as_bytes(std::span(&ref, 1));
  send(frame);
  for (std::size_t at = 0; at < body.size(); at += kInlineChunkBytes) {
    Frame chunk{make_header(wire::FrameKind::chunk),
                {},
                {},
                body.subspan(at, std::min(kInlineChunkBytes, body.size() - at))};
    chunk.header.mutate_port(id_);
    chunk.header.mutate_sequence(event.header.sequence());
    chunk.header.mutate_origin_sequence(at);
    shared_.send(chunk);
  }
  return true;
}

void InputOutgoing::resumed() {
  const std::uint64_t lost = progress_.keep(
      [&](std::uint64_t sequence) { return shared_.unconfirmed.has(id_, sequence); });
  shared_.drops.late += lost;
  report_progress();
}

Result<> InputOutgoing::credit(const Granted&) {
  return fail(Errc::corrupt, "the peer grants slots to a stream that needs none");
}

}  // namespace dkvm::tcp
