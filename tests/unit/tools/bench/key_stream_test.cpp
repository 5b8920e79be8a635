#include "tools/bench/harness/key_stream.hpp"
#include "tools/bench/harness/mouse_stream.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::bench;

namespace {

// What a collector would report.
struct Reported {
  Outcome outcome;
  bool ended = false;
};

Reported collect(const std::vector<KeyStep>& steps) {
  KeyCollector collector;
  collector.begin(true);
  Reported reported;
  for (const KeyStep& step : steps) reported.ended = collector.take(step, now_ns());
  reported.outcome = collector.outcome();
  return reported;
}

}  // namespace

TEST_CASE("keys alternate, and are at rest after each up") {
  KeySteps steps;
  CHECK(steps.at_rest());
  CHECK(steps.next().down);
  CHECK_FALSE(steps.at_rest());
  CHECK_FALSE(steps.next().down);
  CHECK(steps.at_rest());
}

TEST_CASE("a round ends with the end mark's up, which is not counted") {
  const auto [outcome, ended] =
      collect({{kStreamCode, true}, {kStreamCode, false}, {kEndCode, true}, {kEndCode, false}});
  CHECK(ended);
  CHECK(outcome.events == 2);
  CHECK(outcome.disorders == 0);
  CHECK(outcome.last_ns >= outcome.first_ns);
}

TEST_CASE("a missing event shows as a disorder") {
  const auto [outcome, ended] = collect({{kStreamCode, true}, {kStreamCode, true}});
  CHECK_FALSE(ended);
  CHECK(outcome.events == 2);
  CHECK(outcome.disorders == 1);
}

TEST_CASE("the peers' frames are those that a device would send") {
  KeyFrames frames;
  const std::uint64_t captured_ns = 12345;
  const Bytes bytes = frames.make({kStreamCode, true}, captured_ns);
  std::vector<std::byte> aligned(bytes.begin(), bytes.end());
  FrameDecoder decoder(aligned);
  Frame frame;
  REQUIRE(decoder.next(frame));
  CHECK(decoder.consumed() == bytes.size());
  CHECK(frame.kind() == wire::FrameKind::event);
  CHECK(frame.header.capture_ns() == captured_ns);
  CHECK(frame.header.sequence() == 1);
  REQUIRE(verify_event(frame.header.topic(), frame.payload));
  const auto read = read_payload<Key>(frame.payload);
  CHECK(read->code == kStreamCode);
  CHECK(read->down);
}

TEST_CASE("a fast mouse clicks every 100 ms") {
  MouseSteps steps;
  Outcome outcome;
  for (int i = 0; i < static_cast<int>(kMouseHz); ++i) count(steps.next(), outcome);
  CHECK(outcome.buttons == 10);
  CHECK(outcome.events == 7990);
  CHECK(outcome.travel == 7990 * kTravel);
}
