#include "tests/unit/pipelines/switches/played_group.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::detail;
using dkvm::test::kMs;
using dkvm::test::PlayedGroup;

TEST_CASE("The input moves when every source has let go, and not before") {
  PlayedGroup group(2, 3);
  group.up(0);
  group.up(1);
  const auto wish = group.select(1);
  CHECK(group.open == 0);
  group.answer(0, true);
  CHECK(group.open == 0);
  CHECK_FALSE(group->outcome(wish));
  group.answer(1, true);
  CHECK(group.open == 1);
  CHECK(group->outcome(wish)->done);
  CHECK(group.grabbed(0));
  CHECK(group.grabbed(1));
}

TEST_CASE("One refusal undoes all") {
  PlayedGroup group(2, 2);
  group.up(0);
  group.up(1);
  const auto wish = group.select(1);
  group.answer(0, true);
  group.answer(1, false, "another program has the keyboard");
  CHECK(group.open == 0);
  CHECK_FALSE(group.grabbed(0));
  CHECK_FALSE(group.grabbed(1));
  const auto outcome = group->outcome(wish);
  REQUIRE(outcome);
  CHECK(outcome->code == Errc::denied);
  CHECK(outcome->reason == "source s1 refused: another program has the keyboard");
}

TEST_CASE("No answer within 400 ms is a refusal") {
  PlayedGroup group(2, 2);
  group.up(0);
  group.up(1);
  const auto wish = group.select(1);
  group.answer(0, true);
  group.pass(399 * kMs);
  CHECK_FALSE(group->outcome(wish));
  group.pass(1 * kMs);
  REQUIRE(group->outcome(wish));
  CHECK(group->outcome(wish)->code == Errc::timeout);
  CHECK_FALSE(group.grabbed(0));
  CHECK(group.open == 0);
  group.answer(1, true);  // too late
  CHECK(group.open == 0);
}

TEST_CASE("Leases are renewed in time while the input is abroad, and no longer") {
  PlayedGroup group(1, 2);
  group.up(0);
  group.select(1);
  group.answer(0, true);
  for (int i = 0; i < 1000; ++i) {
    group.pass(10 * kMs);
    REQUIRE(group.now < group.lease_until(0));
  }
  group.select(0);
  CHECK_FALSE(group.grabbed(0));
  const auto renewals = group.renewals;
  group.pass(5000 * kMs);
  CHECK(group.renewals == renewals);
}

TEST_CASE("A source that takes its input back leads home") {
  PlayedGroup group(2, 2);
  group.up(0);
  group.up(1);
  group.go(1);
  group.answer(1, false, "panic chord");
  CHECK(group.open == 0);
  CHECK_FALSE(group.grabbed(0));
  CHECK(group->reason() == "source s1 took its input back: panic chord");
}

TEST_CASE("What an old epoch says does not count") {
  PlayedGroup group(1, 2);
  group.up(0);
  group.go(1);
  const auto old = group.epoch(0);
  group.select(0);
  group.go(1);
  group->grabbed(0, old, false, "late");
  group.act();
  CHECK(group.open == 1);
}

TEST_CASE("A source that comes back within 2 s is grabbed anew") {
  PlayedGroup group(2, 2);
  group.up(0);
  group.up(1);
  group.go(1);
  group.down(0);
  CHECK(group.open == 1);
  CHECK_FALSE(group->flows(0));
  CHECK(group->flows(1));
  group.pass(1900 * kMs);
  group.up(0);
  CHECK_FALSE(group->flows(0));  // not before it has let go
  group.answer(0, true);
  CHECK(group->flows(0));
  group.pass(1900 * kMs);
  CHECK(group.open == 1);
}

TEST_CASE("A source that does not come back leads home after 2 s") {
  PlayedGroup group(2, 2);
  group.up(0);
  group.up(1);
  group.go(1);
  group.down(0);
  group.pass(1999 * kMs);
  CHECK(group.open == 1);
  group.pass(1 * kMs);
  CHECK(group.open == 0);
  CHECK_FALSE(group.grabbed(1));
}

TEST_CASE("A target that goes away leads home, with the reason") {
  PlayedGroup group(1, 3);
  group.up(0);
  group.go(2);
  group.there(2, false);
  CHECK(group.open == 0);
  CHECK(group->reason() == "t2 is gone: unplugged");
  CHECK_FALSE(group->outcome(group.select(2))->done);
  group.there(2, true);
  CHECK(group.open == 0);  // nobody asked for it again
  group.go(2);
  CHECK(group.open == 2);
}

TEST_CASE("Between two targets abroad the sources are not asked again") {
  PlayedGroup group(1, 3);
  group.up(0);
  group.go(1);
  const auto epoch = group.epoch(0);
  CHECK(group->outcome(group.select(2))->done);
  CHECK(group.open == 2);
  CHECK(group.epoch(0) == epoch);
}

TEST_CASE("A source that owns its device is never asked") {
  PlayedGroup group(1, 2);
  group.up(0, false);
  CHECK(group->outcome(group.select(1))->done);
  CHECK(group.open == 1);
  CHECK(group->flows(0));
}

TEST_CASE("Without any source there is nothing to move") {
  PlayedGroup group(1, 2);
  const auto outcome = group->outcome(group.select(1));
  REQUIRE(outcome);
  CHECK(outcome->code == Errc::disconnected);
}

TEST_CASE("A later wish takes the place of the one before") {
  PlayedGroup group(1, 3);
  group.up(0);
  const auto first = group.select(1);
  const auto second = group.select(2);
  CHECK_FALSE(group->outcome(first)->done);
  group.answer(0, true);
  CHECK(group->outcome(second)->done);
  CHECK(group.open == 2);
  const auto third = group.select(1);
  CHECK(group->outcome(third)->done);
}

TEST_CASE("Home is wanted again before the sources have answered") {
  PlayedGroup group(1, 2);
  group.up(0);
  const auto first = group.select(1);
  const auto second = group.select(0);
  CHECK_FALSE(group->outcome(first)->done);
  CHECK(group->outcome(second)->done);
  CHECK_FALSE(group.grabbed(0));
  group.answer(0, true);
  CHECK(group.open == 0);
}

TEST_CASE("A source that cannot watch everything at home is still a source") {
  PlayedGroup group(1, 2);
  group.up(0);
  CHECK(group->grabbed(0, group.prepared(0), false, "F12 is taken") ==
        "source s0 does not watch everything at home: F12 is taken");
  CHECK(group->grabbed(0, group.prepared(0), true, "").empty());
  group.go(1);
  CHECK(group.open == 1);
}
