#pragma once

#include "devices/tcp/bulk/parcel.hpp"
#include "devices/tcp/limits.hpp"

#include <dkvm/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace dkvm::tcp {

// Turns the bytes of the bulk connection into events whose bodies lie in
// vessels. Pure: says where the next bytes belong, so that bodies are read to
// where they stay. What comes for a stream that is not open is read past and counted.
class BulkReader {
 public:
  void open(StreamId stream) { stocks_[stream]; }
  // Its vessels are forgotten, and so is what was half received.
  void close(StreamId stream);
  void stock(StreamId stream, Vessel vessel);

  // Where to read to; never empty.
  // Life: until took(), open(), close() or stock()
  std::span<std::byte> room();
  // So many bytes were read there.
  // Errors: Errc::corrupt: the peer breaks the rules.
  Result<> took(std::size_t bytes);

  std::vector<Arrival> take_arrivals() { return std::exchange(arrivals_, {}); }
  std::vector<Granted> take_grants() { return std::exchange(grants_, {}); }
  // Events that were read past, since the beginning.
  std::uint64_t passed_by() const { return passed_by_; }

 private:
  // An event whose body is still coming.
  struct Incoming {
    std::vector<std::byte> event;
    std::uint64_t sequence = 0;
    std::uint64_t total = 0;
    std::uint64_t got = 0;
    Vessel vessel{};  // without room: the body is read past
  };
  enum class State : std::uint8_t { header, frame, chunk, padding };

  Result<> on_header();
  Result<> on_frame();
  Result<Vessel> vessel_for(const Frame& event);
  Result<> on_chunk_header();
  void begin(State state, std::size_t bytes);
  void end_chunk();
  void arrive(StreamId stream, Incoming& incoming);

  State state_ = State::header;
  std::size_t left_ = kHeaderBytes;  // of what the state waits for
  std::size_t at_ = 0;               // in bytes_
  wire::FrameHeader header_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(kHeaderBytes);
  std::map<StreamId, std::deque<Vessel>> stocks_;  // by number
  std::map<StreamId, Incoming> incoming_;
  std::vector<std::byte> past_;  // where bytes go that nobody wants
  std::vector<Arrival> arrivals_;
  std::vector<Granted> grants_;
  std::uint64_t passed_by_ = 0;
};

}  // namespace dkvm::tcp
