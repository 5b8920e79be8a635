#pragma once

#include "devices/tcp/bulk/parcel.hpp"
#include "devices/tcp/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace dkvm::tcp {

// Turns parcels into the bytes of the bulk connection: an event, then chunks of
// its body, streams in turns. Pure; nothing of a body is copied.
class BulkWriter {
 public:
  void add(Parcel parcel);
  // A whole frame of a few bytes, which goes before all bodies.
  void add_frame(std::vector<std::byte> frame) { frames_.push_back(std::move(frame)); }
  // What of this stream is not begun is given back unsent (sent() has its tokens).
  void drop_stream(StreamId stream);

  // The bytes to write next, empty when there are none.
  // Life: until wrote()
  Bytes next();
  void wrote(std::size_t bytes);

  // The next bytes, written as one: of several pieces, as many as there is room for.
  std::size_t copy(std::span<std::byte> out);

  // The largest chunk from now on, in steps of 8: what a stream takes at a time.
  void set_chunk_bytes(std::size_t bytes);

  // Tokens of parcels that need their bytes no more, since the last time.
  std::vector<std::uint64_t> take_done() { return std::exchange(done_, {}); }

 private:
  struct Outgoing {
    Parcel parcel;
    bool announced = false;  // its event is written
    std::uint64_t sent = 0;  // of the body
  };

  bool begin_piece();
  void begin_chunk(Outgoing& at);
  void end_piece();

  std::map<StreamId, std::deque<Outgoing>> streams_;  // none is empty
  StreamId turn_ = 0;                                 // the stream whose piece is on its way
  // A piece: an event, or a chunk's header, its part of the body and the padding.
  std::array<std::byte, kHeaderBytes> chunk_header_{};
  std::array<Bytes, 3> piece_{};
  std::size_t part_ = 0;
  bool piece_open_ = false;
  bool piece_is_frame_ = false;  // the first of frames_
  std::deque<std::vector<std::byte>> frames_;
  std::size_t chunk_bytes_ = kChunkBytesMax;
  std::vector<std::uint64_t> done_;
};

}  // namespace dkvm::tcp
