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
  }
  if (total != 0) acknowledge_at_once(stream_.fd());
  return total >= kReadBytesMax;
}

Result<> BulkConnection::write(std::uint64_t now_ns) {
  const bool waited = waits_ == Waits::path;
  waits_ = Waits::nothing;
  if (writer_.next().empty()) return {};
  std::uint64_t allowed = allowance(now_ns, waited);
  for (;;) {
    Bytes bytes = writer_.next();
    if (bytes.empty()) return {};
    if (allowed == 0) {
      allowed = allowance(now_ns, true);
      if (allowed == 0) {
        waits_ = Waits::path;
        return {};
      }
    }
    bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), allowed));
    DKVM_TRY(const std::size_t written, stream_.write(bytes));
    if (written == 0) {
      waits_ = Waits::socket;
      return {};
    }
    writer_.wrote(written);
    allowed -= written;
  }
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
