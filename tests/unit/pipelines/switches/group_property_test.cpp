#include "tests/support/seed.hpp"
#include "tests/unit/pipelines/switches/played_group.hpp"

#include <catch2/catch.hpp>

#include <random>

using dkvm::test::kMs;
using dkvm::test::PlayedGroup;

namespace {

// Whatever happens, in any order.
void anything(PlayedGroup& group, std::mt19937_64& random, std::size_t targets) {
  const std::size_t member = random() % group.sources.size();
  const std::size_t target = random() % targets;
  PlayedGroup::Source& source = group.sources[member];
  switch (random() % 11) {
    case 0:
      if (!source.up) return group.up(member, random() % 8 != 0);
      return group.down(member);
    case 1: return group.there(target, random() % 4 != 0);
    case 2: group.select(target); return;
    case 3: group.select(0); return;
    case 4: group->go_home("trouble"); return group.act();
    case 5: group->prepare(); return group.act();
    case 6:  // an epoch that nobody waits for
      group->grabbed(member, static_cast<std::uint32_t>(random() % 100), random() % 2 != 0, "");
      return group.act();
    case 7: return group.pass((random() % 50) * kMs);
    case 8:
      if (source.up && random() % 8 == 0) group.grabbable(member, !source.grabbable);
      return;
    default:
      if (source.asked != 0) return group.answer(member, random() % 6 != 0);
      if (source.granted != 0 && random() % 30 == 0) return group.answer(member, false);
      group.pass(kMs);
  }
}

}  // namespace

TEST_CASE("The input is never abroad without every source that is there having let go") {
  const auto seed = dkvm::test::seed_of_the_run();
  INFO(dkvm::test::again_with(seed));
  std::mt19937_64 random(seed);
  constexpr std::size_t kTargets = 3;
  for (int round = 0; round < 200; ++round) {
    PlayedGroup group(1 + random() % 3, kTargets);
    for (std::size_t i = 0; i < group.sources.size(); ++i)
      if (random() % 4 != 0) group.up(i);
    std::size_t before = 0;
    for (int step = 0; step < 5'000; ++step) {
      anything(group, random, kTargets);
      REQUIRE(group.open == group->at());
      const bool began = before == 0 && group.open != 0;
      before = group.open;
      for (std::size_t i = 0; i < group.sources.size(); ++i) {
        const PlayedGroup::Source& source = group.sources[i];
        REQUIRE_FALSE(source.backwards);
        // One that did not let go sends nothing abroad, and none was left out at the flip.
        if (group.open != 0 && source.up && source.grabbable && source.granted == 0 && !source.late)
          REQUIRE_FALSE(group->flows(i));
        if (began && source.up && source.grabbable) REQUIRE(group->flows(i));
        // At home nobody is left grabbed.
        if (group.open == 0 && !group->asking()) {
          REQUIRE(source.granted == 0);
          REQUIRE(source.asked == 0);
        }
        // Nor does a lease run out while the kernel is well.
        if (source.granted != 0) REQUIRE(group.now < source.lease_until);
      }
      if (group.open != 0) REQUIRE(group->there(group.open));
    }
  }
}

TEST_CASE("After any trouble the input is home or answered for within 2.4 s") {
  const auto seed = dkvm::test::seed_of_the_run();
  INFO(dkvm::test::again_with(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 1'000; ++round) {
    PlayedGroup group(2, 3);
    group.up(0);
    group.up(1);
    for (int step = 0; step < 30; ++step) anything(group, random, 3);
    group.pass(2'400 * kMs);  // and nobody says anything more
    REQUIRE_FALSE(group->asking());
    if (group.open == 0) continue;
    for (std::size_t i = 0; i < group.sources.size(); ++i)
      if (group.sources[i].up) REQUIRE(group->flows(i));
  }
}
