#include <dkvm/frame.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

using namespace dkvm;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::vector<std::byte> sample(std::string_view payload, std::uint64_t sequence) {
  std::array<wire::HopStamp, 2> hops{};
  hops[1].mutate_kernel(7);
  std::array<wire::BufferRef, 1> buffers{};
  buffers[0].mutate_length(99);
  const auto body = bytes_of(payload);
  Frame frame{make_header(wire::FrameKind::event), std::as_bytes(std::span(buffers)),
              std::as_bytes(std::span(hops)), body};
  frame.header.mutate_sequence(sequence);
  std::vector<std::byte> out;
  append_frame(out, frame);
  return out;
}

FrameFault fault_of(std::vector<std::byte> bytes) {
  FrameDecoder decoder(bytes);
  Frame frame;
  REQUIRE_FALSE(decoder.next(frame));
  return decoder.fault();
}

}  // namespace

TEST_CASE("a frame that is written is read back part by part") {
  const auto bytes = sample("hello", 42);
  REQUIRE(bytes.size() % kFrameAlignBytes == 0);
  FrameDecoder decoder(bytes);
  Frame frame;
  REQUIRE(decoder.next(frame));
  CHECK(frame.kind() == wire::FrameKind::event);
  CHECK(frame.header.sequence() == 42);
  CHECK(frame.hop(1).kernel() == 7);
  CHECK(frame.buffer(0).length() == 99);
  CHECK(std::ranges::equal(frame.payload, bytes_of("hello")));
  CHECK(decoder.consumed() == bytes.size());
  CHECK_FALSE(decoder.next(frame));
  CHECK(decoder.fault() == FrameFault::none);
}

TEST_CASE("a frame cut at any byte is no frame and no fault") {
  const auto bytes = sample("hello", 1);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    FrameDecoder decoder(Bytes(bytes).first(cut));
    Frame frame;
    REQUIRE_FALSE(decoder.next(frame));
    REQUIRE(decoder.fault() == FrameFault::none);
    REQUIRE(decoder.consumed() == 0);
  }
}

TEST_CASE("several frames in one run of bytes come in order") {
  auto bytes = sample("a", 1);
  for (std::uint64_t i = 2; i <= 5; ++i)
    std::ranges::copy(sample("bcd", i), std::back_inserter(bytes));
  FrameDecoder decoder(bytes);
  Frame frame;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    REQUIRE(decoder.next(frame));
    REQUIRE(frame.header.sequence() == i);
  }
  CHECK(decoder.consumed() == bytes.size());
}

TEST_CASE("each broken part of a header is named") {
  const auto with = [](auto&& change) {
    auto bytes = sample("hello", 1);
    wire::FrameHeader header;
    std::memcpy(&header, bytes.data(), kHeaderBytes);
    change(header);
    std::memcpy(bytes.data(), &header, kHeaderBytes);
    return fault_of(bytes);
  };
  CHECK(with([](auto& h) { h.mutate_magic(1); }) == FrameFault::magic);
  CHECK(with([](auto& h) { h.mutate_version(9); }) == FrameFault::version);
  CHECK(with([](auto& h) { h.mutate_kind(0); }) == FrameFault::kind);
  CHECK(with([](auto& h) { h.mutate_kind(200); }) == FrameFault::kind);
  CHECK(with([](auto& h) { h.mutate_buffer_count(17); }) == FrameFault::too_many_buffers);
  CHECK(with([](auto& h) { h.mutate_hop_count(9); }) == FrameFault::too_many_hops);
  CHECK(with([](auto& h) { h.mutate_payload_size(0xFFFFFFFF); }) == FrameFault::payload_too_large);
}

TEST_CASE("padding that is not zero is a fault") {
  auto bytes = sample("hello", 1);
  bytes.back() = std::byte{1};
  CHECK(fault_of(bytes) == FrameFault::padding_not_zero);
}
