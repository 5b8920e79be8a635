#pragma once

#include "devices/tcp/bulk/bulk_reader.hpp"
#include "devices/tcp/bulk/bulk_writer.hpp"
#include "devices/tcp/bulk/give_way.hpp"
#include "devices/tcp/bulk/pace.hpp"
#include "devices/tcp/transport/tls_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dkvm::tcp {

// One bulk connection: bytes between its socket, the bodies to send and the
// vessels to fill.
// Life: the bulk thread's.
class BulkConnection {
 public:
  explicit BulkConnection(TlsStream stream) : stream_(std::move(stream)) { stream_.read_ahead(); }

  int fd() const { return stream_.fd(); }
  BulkReader& reader() { return reader_; }
  BulkWriter& writer() { return writer_; }

  // Slots to read to; the peer is told of them.
  void stock(StreamId stream, const std::vector<Vessel>& vessels);

  // Reads what is there, at most kReadBytesMax; true when there may be more.
  // Errors: the stream's, Errc::corrupt when the peer breaks the rules.
  Result<bool> read();

  // Writes as much as the path takes without queueing.
  Result<> write(std::uint64_t now_ns);
  // After write(): whether it waits for the socket, or for acknowledgements,
  // which nothing tells of: then it is to be tried again soon.
  bool waits_for_socket() const { return waits_ == Waits::socket; }
  bool waits_for_path() const { return waits_ == Waits::path; }

 private:
  static constexpr std::size_t kReadBytesMax = 1024 * 1024;
  // A stream's turn lasts that long, so that the others need not wait longer.
  static constexpr std::uint64_t kChunkNs = 50'000'000;
  static constexpr std::size_t kPieceBytesMin = 512;
  static constexpr std::size_t kRecordBytes = 16 * 1024;

  enum class Waits : std::uint8_t { nothing, socket, path };

  std::uint64_t allowance(std::uint64_t now_ns, bool waiting);
  bool idle();
  std::size_t piece_bytes() const;
  std::size_t stage(std::size_t piece);
  Bytes staged_or_next();
  void wrote(std::size_t bytes);

  TlsStream stream_;
  BulkReader reader_;
  BulkWriter writer_;
  Pace pace_;
  GiveWay give_way_;
  // What is short goes out in one with what follows it: a record, a segment.
  std::vector<std::byte> staged_;
  std::size_t staged_at_ = 0;
  std::size_t staged_end_ = 0;
  std::size_t owed_ = 0;  // bytes that the socket did not take the last time
  Waits waits_ = Waits::nothing;
};

}  // namespace dkvm::tcp
