#include "tests/unit/sdk/golden_frames.hpp"
#include "tests/unit/sdk/protocol_page.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("the SDK writes every golden frame as docs/protocol.md shows it, byte for byte") {
  const auto blocks = hex_blocks(protocol_page());
  for (const auto& golden : golden_frames()) {
    INFO("frame `" << golden.name << "`, as the SDK writes it:\n" << to_hex_block(golden.bytes));
    const auto block = blocks.find(golden.name);
    REQUIRE(block != blocks.end());
    CHECK(block->second == golden.bytes);
  }
}

TEST_CASE("the page shows no golden frame that the SDK does not make") {
  std::set<std::string> made;
  for (const auto& golden : golden_frames()) made.insert(golden.name);
  for (const auto& [name, bytes] : hex_blocks(protocol_page())) CHECK(made.count(name) == 1);
}

TEST_CASE("the golden frames of the page are read back to what was written") {
  const auto blocks = hex_blocks(protocol_page());
  for (const auto& golden : golden_frames()) {
    INFO("frame `" << golden.name << "`");
    const auto& bytes = blocks.at(golden.name);
    FrameDecoder decoder(bytes);
    Frame frame;
    REQUIRE(decoder.next(frame));
    CHECK(decoder.consumed() == bytes.size());
    CHECK(frame.payload.empty() == !golden.repack);
    if (!golden.repack) continue;
    const auto repacked = golden.repack(frame.payload);
    REQUIRE(repacked);
    CHECK(std::ranges::equal(*repacked, frame.payload));
  }
}

TEST_CASE("there is a golden frame of every kind") {
  std::set<std::uint8_t> kinds;
  for (const auto& golden : golden_frames())
    kinds.insert(std::to_integer<std::uint8_t>(golden.bytes[5]));
  CHECK(kinds.size() == static_cast<std::size_t>(wire::FrameKind::MAX));
}

TEST_CASE("the golden motion event carries its hops, origin and values") {
  const auto blocks = hex_blocks(protocol_page());
  FrameDecoder decoder(blocks.at("event-motion"));
  Frame frame;
  REQUIRE(decoder.next(frame));
  CHECK(frame.header.hop_count() == 2);
  CHECK(frame.hop(0).kernel() == 0x99);
  CHECK(frame.hop(1).sent_ns() == 5'000'310'000);
  CHECK(frame.header.origin_device() == 3);
  CHECK(frame.header.origin_sequence() == 9);
  const auto motion = read_payload<PointerMotion>(frame.payload);
  REQUIRE(motion);
  CHECK(motion->x == 1.5);
  CHECK(motion->y == -2.0);
}

TEST_CASE("the golden display frame names its buffer") {
  const auto blocks = hex_blocks(protocol_page());
  FrameDecoder decoder(blocks.at("event-display-frame"));
  Frame frame;
  REQUIRE(decoder.next(frame));
  REQUIRE(frame.header.buffer_count() == 1);
  CHECK(frame.buffer(0).slot() == 2);
  CHECK(frame.buffer(0).generation() == 5);
  CHECK(frame.buffer(0).length() == 1920 * 1080 * 4);
}
