#include "devices/tcp/bulk/bulk_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace dkvm::tcp {
namespace {

// A bulk sender with one segment in flight must not wait for a delayed
// acknowledgement. Linux forgets the wish, so it is said after each read.
void acknowledge_at_once(int socket) {
  const int on = 1;
  [[maybe_unused]] const int ignored =
      ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

}  // namespace

void BulkConnection::stock(StreamId stream, const std::vector<Vessel>& vessels) {
  std::vector<wire::BufferRef> slots;
  for (const Vessel& vessel : vessels) {
    reader_.stock(stream, vessel);
    slots.emplace_back(0, vessel.number, 0, 0, 0, 0, vessel.room.size());
  }
  Frame frame{make_header(wire::FrameKind::slots), std::as_bytes(std::span(slots)), {}, {}};
  frame.header.mutate_port(stream);
  std::vector<std::byte> bytes;
  append_frame(bytes, frame);
  writer_.add_frame(std::move(bytes));
}

Result<bool> BulkConnection::read() {
  std::size_t total = 0;
  while (total < kReadBytesMax) {
    DKVM_TRY(const std::size_t bytes, stream_.read(reader_.room()));
    if (bytes == 0) break;
    total += bytes;
    DKVM_CHECK(reader_.took(bytes));
    give_way_.between_records();
  }
  if (total != 0) acknowledge_at_once(stream_.fd());
  return total >= kReadBytesMax;
}

Result<> BulkConnection::write(std::uint64_t now_ns) {
  const bool waited = waits_ != Waits::nothing;
  waits_ = Waits::nothing;
  if (idle()) return {};
  std::uint64_t allowed = allowance(now_ns, waited);
  while (!idle()) {
    // What the socket did not take must be offered again as it was: TLS has sealed it.
    std::size_t count = owed_;
    if (count == 0) {
      const std::size_t piece = piece_bytes();
      if (allowed < piece) allowed = allowance(now_ns, true);
      if (allowed < piece) {
        waits_ = Waits::path;
        return {};
      }
      count = static_cast<std::size_t>(std::min<std::uint64_t>(stage(piece), allowed));
    }
    DKVM_TRY(const std::size_t written, stream_.write(staged_or_next().first(count)));
    owed_ = written == 0 ? count : 0;
    if (written == 0) {
      waits_ = Waits::socket;
      return {};
    }
    wrote(written);
    give_way_.between_records();
    allowed -= std::min<std::uint64_t>(written, allowed);
  }
  return {};
}

bool BulkConnection::idle() { return staged_at_ == staged_end_ && writer_.next().empty(); }

// Two of them fit the window: the path has one to carry while the other is on its
// way, and a key waits for little more than one. At most a record of TLS.
std::size_t BulkConnection::piece_bytes() const {
  return std::clamp<std::size_t>(pace_.window_bytes() / 2, kPieceBytesMin, kRecordBytes);
}

// How many bytes can be written next: of what is staged, or of a body where it lies.
std::size_t BulkConnection::stage(std::size_t piece) {
  if (staged_at_ == staged_end_) {
    const Bytes next = writer_.next();
    if (next.size() >= kRecordBytes && piece == kRecordBytes) return next.size();
    staged_.resize(kRecordBytes);
    staged_at_ = 0;
    staged_end_ = writer_.copy(std::span(staged_).first(piece));
  }
  return staged_end_ - staged_at_;
}

Bytes BulkConnection::staged_or_next() {
  if (staged_at_ == staged_end_) return writer_.next();
  return Bytes(staged_).subspan(staged_at_, staged_end_ - staged_at_);
}

void BulkConnection::wrote(std::size_t bytes) {
  if (staged_at_ == staged_end_)
    writer_.wrote(bytes);
  else
    staged_at_ += bytes;
}

// Bytes that may be written now.
std::uint64_t BulkConnection::allowance(std::uint64_t now_ns, bool waiting) {
  const TcpFigures tcp = stream_.figures();
  const std::uint64_t unacked = stream_.unacked();
  pace_.note(now_ns, {tcp.acked_bytes, unacked, tcp.min_rtt_ns, tcp.mss_bytes}, waiting);
  writer_.set_chunk_bytes(pace_.rate() / (1'000'000'000 / kChunkNs));
  const std::uint64_t window = pace_.window_bytes();
  return window > unacked ? window - unacked : 0;
}

}  // namespace dkvm::tcp
