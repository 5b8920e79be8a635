#include <catch2/catch.hpp>

#include "pipelines/ledger.hpp"
#include "tests/support/seed.hpp"

#include <map>
#include <random>
#include <set>
#include <tuple>

using namespace dkvm;
using namespace dkvm::detail;

namespace {

constexpr TopicId kKeyTopic = id_of(wire::Topic::key);

// The definition, said plainly: who holds what.
struct Model {
  std::map<std::pair<std::size_t, std::uint16_t>, std::uint16_t> holds;  // (edge, in) -> out

  std::size_t holders(std::uint16_t output) const {
    std::size_t sum = 0;
    for (const auto& [holder, out] : holds) sum += out == output ? 1 : 0;
    return sum;
  }
};

}  // namespace

TEST_CASE("the ledger does what its definition says, over millions of random steps") {
  const auto seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  std::mt19937 random(seed);
  constexpr std::size_t kEdges = 4;
  constexpr std::uint16_t kCodes = 12;
  constexpr int kSteps = 3'000'000;
  std::array<EdgeHolds, kEdges> edges;
  SinkHolds sink;
  Model model;
  std::array<bool, kCodes + 1> down{};  // what a sink makes of the events that go out
  const auto at_sink = [&](std::uint16_t output, bool to) {
    REQUIRE(down[output] != to);
    down[output] = to;
  };
  std::size_t checks = 0;

  for (int step = 0; step < kSteps; ++step) {
    const std::size_t edge = random() % kEdges;
    const auto input = static_cast<std::uint16_t>(1 + random() % kCodes);
    const auto output = static_cast<std::uint16_t>(1 + random() % kCodes);
    const auto key = std::pair(edge, input);
    std::uint16_t lifted = 0;
    switch (random() % 16) {
      case 0:  // the edge dies
        for (const auto& hold : edges[edge].list()) {
          if (sink.lift(edges[edge], hold.input, lifted) == Lift::last) at_sink(lifted, false);
          model.holds.erase({edge, hold.input});
        }
        break;
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
      case 7: {
        const Press press = sink.press(edges[edge], input, output, kKeyTopic);
        const bool duplicate = model.holds.contains(key);
        if (duplicate != (press == Press::duplicate)) FAIL("duplicate at step " << step);
        if (duplicate) break;
        if ((model.holders(output) == 0) != (press == Press::first)) FAIL("first at " << step);
        model.holds[key] = output;
        if (press == Press::first) at_sink(output, true);
        break;
      }
      default: {
        const Lift lift = sink.lift(edges[edge], input, lifted);
        if (model.holds.contains(key) == (lift == Lift::orphan)) FAIL("orphan at step " << step);
        if (lift == Lift::orphan) break;
        if (model.holds[key] != lifted) FAIL("another mapping than at the down, step " << step);
        model.holds.erase(key);
        if ((model.holders(lifted) == 0) != (lift == Lift::last)) FAIL("last at step " << step);
        if (lift == Lift::last) at_sink(lifted, false);
      }
    }
    if (step % 1000 != 0) continue;
    ++checks;
    std::size_t held = 0;
    for (std::uint16_t code = 1; code <= kCodes; ++code) {
      if (down[code] != (model.holders(code) != 0)) FAIL("stuck or lost: " << code);
      if (down[code] != sink.wanted(code)) FAIL("ledger disagrees: " << code);
      held += down[code] ? 1 : 0;
    }
    if (held != sink.held()) FAIL("held is " << sink.held() << ", should be " << held);
  }
  REQUIRE(checks == kSteps / 1000);
}

TEST_CASE("what was given is remembered until it is applied") {
  SinkHolds sink;
  REQUIRE(sink.give(30, true, 1));
  REQUIRE_FALSE(sink.give(30, true, 2));
  REQUIRE(sink.give(48, true, 2));
  REQUIRE(sink.give(30, false, 3));
  REQUIRE(sink.doubtful(2) == std::vector<std::uint16_t>{30, 48});
  REQUIRE(sink.doubtful(3) == std::vector<std::uint16_t>{48});
  REQUIRE(sink.held() == 1);
}

TEST_CASE("forgetting spares what is kept and what came too late") {
  SinkHolds sink;
  sink.give(30, true, 1);
  sink.give(48, true, 2);
  sink.give(46, true, 3);
  CodeBits kept;
  kept.set(30);
  sink.forget(kept, 2);
  REQUIRE(sink.given(30));
  REQUIRE_FALSE(sink.given(48));
  REQUIRE(sink.given(46));
}

TEST_CASE("the topic of a code is that of its latest down") {
  EdgeHolds edge;
  SinkHolds sink;
  sink.press(edge, 272, 272, id_of(wire::Topic::pointer_button));
  REQUIRE(sink.topic(272) == id_of(wire::Topic::pointer_button));
  REQUIRE(sink.topic(30) == kKeyTopic);
}
