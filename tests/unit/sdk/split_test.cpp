#include "tests/unit/sdk/random_frames.hpp"

#include <dkvm/detail/fd.hpp>
#include <dkvm/detail/stream.hpp>

#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <functional>
#include <utility>

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Parts = std::vector<std::vector<std::byte>>;

Parts decode_whole(const std::vector<std::byte>& bytes) {
  Parts parts;
  FrameDecoder decoder(bytes);
  for (Frame frame; decoder.next(frame);) parts.push_back(parts_of(frame));
  REQUIRE(decoder.fault() == FrameFault::none);
  REQUIRE(decoder.consumed() == bytes.size());
  return parts;
}

// A stream whose other end a test writes to as it likes.
struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    near = detail::Fd(ends[0]);
    far = detail::Fd(ends[1]);
  }
  detail::Fd near;
  detail::Fd far;
};

// Sends the bytes in pieces of piece() bytes, reading after each.
Parts through_stream(const std::vector<std::byte>& bytes,
                     const std::function<std::size_t()>& piece) {
  Pair pair;
  detail::Stream stream(pair.near.get(), pair.near.get());
  Parts parts;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t count = std::min(piece(), bytes.size() - at);
    REQUIRE(::send(pair.far.get(), bytes.data() + at, count, 0) == static_cast<ssize_t>(count));
    at += count;
    REQUIRE(stream.fill() == true);
    REQUIRE(stream.each_frame([&](const Frame& frame) {
      parts.push_back(parts_of(frame));
      return true;
    }));
  }
  return parts;
}

std::vector<std::byte> random_run(Random& random, std::size_t frames) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < frames; ++i) append_random_frame(random, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("frames that arrive in pieces of any size are the same frames") {
  Random random;
  INFO(random.again());
  for (int round = 0; round < 20; ++round) {
    const auto bytes = random_run(random, 10);
    const std::size_t most = std::size_t{1} << random.between(1, 15);
    const auto got = through_stream(bytes, [&] { return random.between(1, most); });
    REQUIRE(got == decode_whole(bytes));
  }
}

TEST_CASE("frames that arrive one byte at a time are the same frames") {
  Random random;
  INFO(random.again());
  const auto bytes = random_run(random, 2);
  CHECK(through_stream(bytes, [] { return std::size_t{1}; }) == decode_whole(bytes));
}

TEST_CASE("what one stream writes, another reads") {
  Random random;
  INFO(random.again());
  const auto bytes = random_run(random, 30);
  Pair pair;
  detail::Stream writer(pair.far.get(), pair.far.get());
  detail::Stream reader(pair.near.get(), pair.near.get());
  Parts parts;
  const auto read = [&] {
    while (*reader.fill())
      REQUIRE(reader.each_frame([&](const Frame& frame) {
        parts.push_back(parts_of(frame));
        return true;
      }));
  };
  FrameDecoder decoder(bytes);
  for (Frame frame; decoder.next(frame);) {
    REQUIRE(writer.write(frame));
    read();
  }
  while (writer.pending() != 0) {
    REQUIRE(writer.flush());
    read();
  }
  read();
  CHECK(parts == decode_whole(bytes));
}

TEST_CASE("a stream that is closed says so, and what came before is still read") {
  Pair pair;
  detail::Stream stream(pair.near.get(), pair.near.get());
  const std::vector<std::byte> bytes = [] {
    std::vector<std::byte> ping;
    append_frame(ping, {make_header(wire::FrameKind::ping), {}, {}, {}});
    return ping;
  }();
  CHECK(stream.fill() == false);
  REQUIRE(::send(pair.far.get(), bytes.data(), bytes.size(), 0) > 0);
  pair.far.reset();
  CHECK(stream.fill() == true);
  int frames = 0;
  CHECK(stream.each_frame([&](const Frame&) { return ++frames > 0; }));
  CHECK(frames == 1);
  const auto closed = stream.fill();
  REQUIRE_FALSE(closed);
  CHECK(closed.error().code() == Errc::disconnected);
}

TEST_CASE("a stream of garbage is corrupt, and says what is wrong") {
  Pair pair;
  detail::Stream stream(pair.near.get(), pair.near.get());
  const std::vector<std::byte> garbage(kHeaderBytes, std::byte{0xEE});
  REQUIRE(::send(pair.far.get(), garbage.data(), garbage.size(), 0) > 0);
  REQUIRE(stream.fill() == true);
  const auto read = stream.each_frame([](const Frame&) { return true; });
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == Errc::corrupt);
  CHECK(read.error().message() == describe(FrameFault::magic));
}

TEST_CASE("a reader may stop between two frames and go on later") {
  Pair pair;
  detail::Stream stream(pair.near.get(), pair.near.get());
  std::vector<std::byte> bytes;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    Frame frame{make_header(wire::FrameKind::ping), {}, {}, {}};
    frame.header.mutate_sequence(i);
    append_frame(bytes, frame);
  }
  REQUIRE(::send(pair.far.get(), bytes.data(), bytes.size(), 0) > 0);
  REQUIRE(stream.fill() == true);
  std::vector<std::uint64_t> got;
  for (int turn = 0; turn < 3; ++turn)
    REQUIRE(stream.each_frame([&](const Frame& frame) {
      got.push_back(frame.header.sequence());
      return false;
    }));
  CHECK(got == std::vector<std::uint64_t>{1, 2, 3});
}
