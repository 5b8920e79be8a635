#include "devices/tcp/bulk/bulk_reader.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::tcp {
namespace {

constexpr std::size_t kPassedByAtOnce = 16 * 1024;

auto broken(std::string what) { return fail(Errc::corrupt, "on the bulk connection: " + what); }

}  // namespace

void BulkReader::close(StreamId stream) {
  stocks_.erase(stream);
  const auto found = incoming_.find(stream);
  if (found == incoming_.end()) return;
  found->second.vessel = {};
  ++passed_by_;
}

void BulkReader::stock(StreamId stream, Vessel vessel) {
  const auto found = stocks_.find(stream);
  if (found != stocks_.end()) found->second.push_back(vessel);
}

std::span<std::byte> BulkReader::room() {
  if (state_ == State::header || state_ == State::frame)
    return std::span(bytes_).subspan(at_, left_);
  if (state_ == State::chunk) {
    Incoming& incoming = incoming_.at(header_.port());
    if (!incoming.vessel.room.empty()) return incoming.vessel.room.subspan(incoming.got, left_);
  }
  past_.resize(kPassedByAtOnce);
  return std::span(past_).first(std::min(left_, past_.size()));
}

Result<> BulkReader::took(std::size_t bytes) {
  left_ -= bytes;
  if (state_ == State::header || state_ == State::frame) at_ += bytes;
  if (state_ == State::chunk) incoming_.at(header_.port()).got += bytes;
  if (left_ != 0) return {};
  switch (state_) {
    case State::header: return on_header();
    case State::frame: return on_frame();
    case State::chunk: end_chunk(); return {};
    case State::padding: begin(State::header, kHeaderBytes); return {};
  }
  return {};
}

void BulkReader::begin(State state, std::size_t bytes) {
  state_ = state;
  left_ = bytes;
  if (state == State::header) at_ = 0;
}

Result<> BulkReader::on_header() {
  std::memcpy(&header_, bytes_.data(), kHeaderBytes);
  // The decoder knows what a header may say.
  FrameDecoder decoder(Bytes(bytes_).first(kHeaderBytes));
  Frame frame;
  const bool whole = decoder.next(frame);
  if (decoder.fault() != FrameFault::none) return broken(std::string(describe(decoder.fault())));
  if (kind_of(header_) == wire::FrameKind::chunk) return on_chunk_header();
  if (kind_of(header_) != wire::FrameKind::event && kind_of(header_) != wire::FrameKind::slots)
    return broken(
        fmt::format("a frame of kind {}, expected events, chunks and slots", header_.kind()));
  if (whole) return on_frame();
  const std::size_t size = frame_bytes(header_);
  bytes_.resize(std::max(bytes_.size(), size));
  begin(State::frame, size - kHeaderBytes);
  return {};
}

Result<> BulkReader::on_frame() {
  const std::size_t size = frame_bytes(header_);
  FrameDecoder decoder(Bytes(bytes_).first(size));
  Frame frame;
  if (!decoder.next(frame)) return broken(std::string(describe(decoder.fault())));
  const StreamId stream = header_.port();
  begin(State::header, kHeaderBytes);
  if (frame.kind() == wire::FrameKind::slots) {
    Granted granted{stream, {}};
    for (std::size_t i = 0; i < header_.buffer_count(); ++i)
      granted.slots.push_back(frame.buffer(i));
    grants_.push_back(std::move(granted));
    return {};
  }
  if (incoming_.contains(stream))
    return broken(fmt::format("an event on stream {} before the body of the last one", stream));
  if (header_.buffer_count() > 1)
    return broken(fmt::format("an event with {} buffers, expected one", header_.buffer_count()));
  Incoming incoming;
  incoming.sequence = header_.sequence();
  if (header_.buffer_count() != 0) {
    incoming.total = frame.buffer(0).length();
    DKVM_TRY(incoming.vessel, vessel_for(frame));
  }
  if (incoming.total != 0 && incoming.vessel.room.empty()) ++passed_by_;
  const bool wanted = stocks_.contains(stream);
  if (wanted) incoming.event.assign(bytes_.begin(), bytes_.begin() + static_cast<long>(size));
  if (incoming.total == 0) {
    if (wanted) arrive(stream, incoming);
  } else {
    if (incoming_.size() >= kStreamsMax)
      return broken(fmt::format("events on more than {} streams at a time", kStreamsMax));
    incoming_.emplace(stream, std::move(incoming));
  }
  return {};
}

// Where the event's body belongs; a vessel without room for one that nobody wants.
Result<Vessel> BulkReader::vessel_for(const Frame& event) {
  const wire::BufferRef buffer = event.buffer(0);
  if (buffer.length() == 0) return broken("a buffer without a byte");
  const auto stock = stocks_.find(header_.port());
  if (stock == stocks_.end()) return Vessel{};
  auto& vessels = stock->second;
  while (!vessels.empty() && vessels.front().number < buffer.slot()) vessels.pop_front();
  if (vessels.empty() || vessels.front().number != buffer.slot())
    return broken(
        fmt::format("slot {} of stream {}, which is not granted", buffer.slot(), header_.port()));
  const Vessel vessel = vessels.front();
  if (buffer.length() > vessel.room.size())
    return broken(fmt::format("{} bytes for a slot of {}", buffer.length(), vessel.room.size()));
  vessels.pop_front();
  return vessel;
}

Result<> BulkReader::on_chunk_header() {
  const auto found = incoming_.find(header_.port());
  if (header_.buffer_count() != 0 || header_.hop_count() != 0 || header_.payload_size() == 0)
    return broken("a chunk with more or less than bytes");
  if (found == incoming_.end() || found->second.sequence != header_.sequence())
    return broken(fmt::format("a chunk of an event that did not come: {} of stream {}",
                              header_.sequence(), header_.port()));
  const Incoming& incoming = found->second;
  if (header_.origin_sequence() != incoming.got ||
      header_.payload_size() > incoming.total - incoming.got)
    return broken(fmt::format("a chunk of {} bytes at {} of {}, expected those at {}",
                              header_.payload_size(), header_.origin_sequence(), incoming.total,
                              incoming.got));
  begin(State::chunk, header_.payload_size());
  return {};
}

void BulkReader::end_chunk() {
  const auto found = incoming_.find(header_.port());
  if (found->second.got == found->second.total) {
    if (!found->second.vessel.room.empty()) arrive(found->first, found->second);
    incoming_.erase(found);
  }
  const std::size_t padding = padded_bytes(header_.payload_size()) - header_.payload_size();
  if (padding != 0) return begin(State::padding, padding);
  begin(State::header, kHeaderBytes);
}

void BulkReader::arrive(StreamId stream, Incoming& incoming) {
  arrivals_.push_back({stream, std::move(incoming.event), incoming.vessel.number, incoming.total});
}

}  // namespace dkvm::tcp
