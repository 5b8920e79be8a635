// What goes over the bulk connection: the writer's bytes, cut anywhere, become
// the reader's events.

#include "devices/tcp/bulk/bulk_reader.hpp"
#include "devices/tcp/bulk/bulk_writer.hpp"

#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace dkvm;
using namespace dkvm::tcp;

namespace {

std::vector<std::byte> event_frame(StreamId stream, std::uint64_t sequence, std::uint32_t slot,
                                   std::uint64_t bytes) {
  wire::BufferRef ref(0, slot, 0, 0, 0, 0, bytes);
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::event),
              bytes == 0 ? Bytes{} : std::as_bytes(std::span(&ref, 1)),
              {},
              writer.write(DisplayFrame{})};
  frame.header.mutate_port(stream);
  frame.header.mutate_sequence(sequence);
  frame.header.mutate_topic(id_of(wire::Topic::display_frame));
  std::vector<std::byte> whole;
  append_frame(whole, frame);
  return whole;
}

std::vector<std::byte> random_bytes(std::mt19937& random, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (auto& each : bytes) each = static_cast<std::byte>(random());
  return bytes;
}

std::vector<std::byte> drain(BulkWriter& writer) {
  std::vector<std::byte> wire;
  for (Bytes next = writer.next(); !next.empty(); next = writer.next()) {
    wire.insert(wire.end(), next.begin(), next.end());
    writer.wrote(next.size());
  }
  return wire;
}

Result<> feed(BulkReader& reader, Bytes wire, std::size_t piece_max = SIZE_MAX) {
  while (!wire.empty()) {
    const std::span<std::byte> room = reader.room();
    const std::size_t bytes = std::min({room.size(), wire.size(), piece_max});
    std::copy_n(wire.begin(), bytes, room.begin());
    DKVM_CHECK(reader.took(bytes));
    wire = wire.subspan(bytes);
  }
  return {};
}

std::vector<std::byte> chunk_frame(StreamId stream, std::uint64_t sequence, std::uint64_t offset,
                                   std::size_t bytes) {
  const std::vector<std::byte> payload(bytes, std::byte{7});
  Frame frame{make_header(wire::FrameKind::chunk), {}, {}, payload};
  frame.header.mutate_port(stream);
  frame.header.mutate_sequence(sequence);
  frame.header.mutate_origin_sequence(offset);
  std::vector<std::byte> whole;
  append_frame(whole, frame);
  return whole;
}

}  // namespace

TEST_CASE("Events of many streams arrive whole, in their order, wherever the bytes are cut") {
  const unsigned seed = GENERATE(range(1u, 9u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  BulkWriter writer;
  BulkReader reader;
  writer.set_chunk_bytes(kChunkBytesMin + random() % kChunkBytesMax);
  std::map<std::pair<StreamId, std::uint64_t>, std::vector<std::byte>> bodies;
  std::map<StreamId, std::map<std::uint32_t, std::vector<std::byte>>> rooms;
  std::set<std::uint64_t> tokens;
  for (StreamId stream = 1; stream <= 4; ++stream) {
    reader.open(stream);
    std::uint32_t slot = 0;
    for (std::uint64_t sequence = 1; sequence <= 6; ++sequence) {
      const std::size_t size = random() % 3 == 0 ? 0 : 1 + random() % 300'000;
      if (size != 0) {
        slot += static_cast<std::uint32_t>(1 + random() % 2);  // some are passed over
        for (auto number = static_cast<std::uint32_t>(rooms[stream].size() + 1); number <= slot;
             ++number)
          rooms[stream][number].resize(size + random() % 100);
        rooms[stream][slot].resize(size + random() % 100);
      }
      auto& body = bodies[{stream, sequence}] = random_bytes(random, size);
      const std::uint64_t token = stream * 100 + sequence;
      tokens.insert(token);
      writer.add({stream, token, event_frame(stream, sequence, slot, size), body});
    }
    for (auto& [number, room] : rooms[stream]) reader.stock(stream, {number, room});
  }
  const auto wire = drain(writer);
  for (const std::uint64_t token : writer.take_done()) CHECK(tokens.erase(token) == 1);
  CHECK(tokens.empty());

  REQUIRE(feed(reader, wire, 1 + random() % 5000));
  std::map<StreamId, std::uint64_t> last;
  std::size_t count = 0;
  for (const Arrival& arrival : reader.take_arrivals()) {
    FrameDecoder decoder(arrival.event);
    Frame event;
    REQUIRE(decoder.next(event));
    CHECK(event.header.sequence() == ++last[arrival.stream]);
    const auto& body = bodies.at({arrival.stream, event.header.sequence()});
    REQUIRE(arrival.body_bytes == body.size());
    if (!body.empty())
      CHECK(std::equal(body.begin(), body.end(), rooms[arrival.stream][arrival.vessel].begin()));
    ++count;
  }
  CHECK(count == bodies.size());
  CHECK(reader.passed_by() == 0);
}

TEST_CASE("Streams take turns: a small event does not wait for a large body") {
  std::mt19937 random(1);
  BulkWriter writer;
  const auto large = random_bytes(random, 10 * kChunkBytesMax);
  writer.add({1, 1, event_frame(1, 1, 1, large.size()), large});
  writer.add({2, 2, event_frame(2, 1, 0, 0), {}});
  std::size_t before = 0;
  while (writer.take_done().empty()) {
    const Bytes next = writer.next();
    REQUIRE(!next.empty());
    before += next.size();
    writer.wrote(next.size());
  }
  CHECK(before < 2 * kChunkBytesMax);
}

TEST_CASE("A stream that is dropped gives back what is not begun and finishes the rest") {
  std::mt19937 random(2);
  const auto body = random_bytes(random, 100'000);
  BulkWriter writer;
  for (std::uint64_t i = 1; i <= 3; ++i)
    writer.add({1, i, event_frame(1, i, static_cast<std::uint32_t>(i), body.size()), body});
  const Bytes begun = writer.next();
  writer.wrote(begun.size() / 2);
  writer.drop_stream(1);
  CHECK(writer.take_done() == std::vector<std::uint64_t>{3, 2});
  drain(writer);
  CHECK(writer.take_done() == std::vector<std::uint64_t>{1});
}

TEST_CASE("What comes for a stream that is not open is read past, and the rest arrives") {
  std::mt19937 random(3);
  const auto body = random_bytes(random, 150'000);
  std::vector<std::byte> room(body.size());
  BulkWriter writer;
  writer.add({1, 1, event_frame(1, 1, 1, body.size()), body});
  writer.add({2, 2, event_frame(2, 1, 1, body.size()), body});
  BulkReader reader;
  reader.open(2);
  reader.stock(2, {1, room});
  REQUIRE(feed(reader, drain(writer)));
  const auto arrivals = reader.take_arrivals();
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].stream == 2);
  CHECK(room == body);
  CHECK(reader.passed_by() == 1);
}

TEST_CASE("A stream that closes in the middle of a body touches its vessel no more") {
  std::mt19937 random(4);
  const auto body = random_bytes(random, 150'000);
  std::vector<std::byte> room(body.size());
  BulkWriter writer;
  writer.add({1, 1, event_frame(1, 1, 1, body.size()), body});
  const auto wire = drain(writer);
  BulkReader reader;
  reader.open(1);
  reader.stock(1, {1, room});
  REQUIRE(feed(reader, Bytes(wire).first(70'000)));
  reader.close(1);
  const auto before = room;
  REQUIRE(feed(reader, Bytes(wire).subspan(70'000)));
  CHECK(room == before);
  CHECK(reader.take_arrivals().empty());
}

TEST_CASE("A peer that breaks the rules of the bulk connection is told from one that does not") {
  std::vector<std::byte> room(1000);
  BulkReader reader;
  reader.open(1);
  reader.stock(1, {1, room});
  const auto refuses = [&](const std::vector<std::byte>& wire, const std::string& why) {
    const auto fed = feed(reader, wire);
    REQUIRE(!fed);
    CHECK(fed.error().code() == Errc::corrupt);
    CHECK_THAT(fed.error().message(), Catch::Contains(why));
  };
  SECTION("a body larger than its slot") {
    refuses(event_frame(1, 1, 1, 1001), "1001 bytes for a slot of 1000");
  }
  SECTION("a slot that was not granted") {
    refuses(event_frame(1, 1, 2, 10), "slot 2 of stream 1, which is not granted");
  }
  SECTION("a chunk of nothing") { refuses(chunk_frame(1, 1, 0, 8), "did not come"); }
  SECTION("a chunk elsewhere than where the last one ended") {
    REQUIRE(feed(reader, event_frame(1, 1, 1, 500)));
    refuses(chunk_frame(1, 1, 8, 8), "a chunk of 8 bytes at 8 of 500");
  }
  SECTION("a chunk beyond the end") {
    REQUIRE(feed(reader, event_frame(1, 1, 1, 500)));
    refuses(chunk_frame(1, 1, 0, 501), "a chunk of 501 bytes");
  }
  SECTION("an event in the middle of another's body") {
    REQUIRE(feed(reader, event_frame(1, 1, 1, 500)));
    refuses(event_frame(1, 2, 0, 0), "before the body of the last one");
  }
  SECTION("another kind of frame") {
    auto wire = chunk_frame(1, 1, 0, 8);
    wire[5] = static_cast<std::byte>(wire::FrameKind::ping);
    refuses(wire, "a frame of kind 19");
  }
  SECTION("bytes that are no frame") {
    refuses(std::vector<std::byte>(64, std::byte{'G'}), "magic");
  }
  SECTION("more events at a time than there may be streams") {
    for (StreamId stream = 1; stream <= kStreamsMax; ++stream)
      REQUIRE(feed(reader, event_frame(static_cast<StreamId>(stream + 1), 1, 1, 10)));
    refuses(event_frame(9999, 1, 1, 10), "more than 256 streams");
  }
}
