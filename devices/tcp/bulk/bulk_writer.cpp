#include "devices/tcp/bulk/bulk_writer.hpp"

#include <algorithm>
#include <utility>

namespace dkvm::tcp {
namespace {

constexpr std::array<std::byte, kFrameAlignBytes> kZeros{};

}  // namespace

void BulkWriter::add(Parcel parcel) {
  streams_[parcel.stream].push_back({std::move(parcel), false, 0});
}

void BulkWriter::drop_stream(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  auto& queue = found->second;
  const bool begun =
      queue.front().announced || (piece_open_ && !piece_is_frame_ && turn_ == stream);
  while (queue.size() > (begun ? 1 : 0)) {
    done_.push_back(queue.back().parcel.token);
    queue.pop_back();
  }
  if (queue.empty()) streams_.erase(found);
}

void BulkWriter::set_chunk_bytes(std::size_t bytes) {
  chunk_bytes_ = std::clamp(bytes, kChunkBytesMin, kChunkBytesMax) & ~(kFrameAlignBytes - 1);
}

Bytes BulkWriter::next() {
  if (!piece_open_ && !begin_piece()) return {};
  return piece_[part_];
}

void BulkWriter::wrote(std::size_t bytes) {
  piece_[part_] = piece_[part_].subspan(bytes);
  while (part_ < piece_.size() && piece_[part_].empty()) ++part_;
  if (part_ == piece_.size()) end_piece();
}

std::size_t BulkWriter::copy(std::span<std::byte> out) {
  std::size_t copied = 0;
  while (copied < out.size()) {
    const Bytes bytes = next();
    if (bytes.empty()) break;
    const std::size_t part = std::min(bytes.size(), out.size() - copied);
    std::memcpy(out.data() + copied, bytes.data(), part);
    wrote(part);
    copied += part;
  }
  return copied;
}

// The next stream in turn after the last one.
bool BulkWriter::begin_piece() {
  part_ = 0;
  piece_is_frame_ = !frames_.empty();
  if (piece_is_frame_) {
    piece_ = {Bytes(frames_.front()), {}, {}};
    return piece_open_ = true;
  }
  if (streams_.empty()) return false;
  auto next = streams_.upper_bound(turn_);
  if (next == streams_.end()) next = streams_.begin();
  turn_ = next->first;
  piece_open_ = true;
  Outgoing& at = next->second.front();
  if (at.announced) {
    begin_chunk(at);
  } else {
    piece_ = {Bytes(at.parcel.event), {}, {}};
  }
  return true;
}

void BulkWriter::begin_chunk(Outgoing& at) {
  const std::size_t left = at.parcel.body.size() - at.sent;
  const Bytes part = at.parcel.body.subspan(at.sent, std::min(left, chunk_bytes_));
  FrameDecoder events(at.parcel.event);
  Frame event;
  events.next(event);  // it was whole when it was added
  wire::FrameHeader header = make_header(wire::FrameKind::chunk);
  header.mutate_port(at.parcel.stream);
  header.mutate_sequence(event.header.sequence());
  header.mutate_origin_sequence(at.sent);
  header.mutate_payload_size(static_cast<std::uint32_t>(part.size()));
  std::memcpy(chunk_header_.data(), &header, kHeaderBytes);
  piece_ = {chunk_header_, part, Bytes(kZeros).first(padded_bytes(part.size()) - part.size())};
  at.sent += part.size();
}

void BulkWriter::end_piece() {
  piece_open_ = false;
  if (piece_is_frame_) return frames_.pop_front();
  const auto found = streams_.find(turn_);
  Outgoing& at = found->second.front();
  at.announced = true;
  if (at.sent < at.parcel.body.size()) return;
  done_.push_back(at.parcel.token);
  found->second.pop_front();
  if (found->second.empty()) streams_.erase(found);
}

}  // namespace dkvm::tcp
