#include "kernel/memory_manager/shares.hpp"

#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

constexpr std::uint64_t kLarge = kLargeSlotBytes;
constexpr std::uint64_t kSmall = kLargeSlotBytes - 1;
constexpr PortRef kLeft{1, 1}, kRight{2, 1};

}  // namespace

TEST_CASE("A pool without consumers has its writer's slots") {
  CHECK(wanted_slots(3, kLarge, {}) == Sizing{3, {}, 3});
  CHECK(fit_slots(3, kLarge, {}, 3) == Sizing{3, {}, 3});
}

TEST_CASE("An edge gets two leases and its queue, bounded by the size of the slots") {
  const std::vector<BufferConsumer> one = {{kLeft, 100, false}};
  CHECK(wanted_slots(3, kLarge, one) == Sizing{3, {{kLeft, {2, 4}}}, 9});
  CHECK(wanted_slots(3, kSmall, one) == Sizing{3, {{kLeft, {2, 16}}}, 21});
  const std::vector<BufferConsumer> shallow = {{kLeft, 1, false}, {kRight, 0, false}};
  CHECK(wanted_slots(3, kSmall, shallow) == Sizing{3, {{kLeft, {2, 1}}, {kRight, {2, 1}}}, 9});
}

TEST_CASE("An edge that blocks its source queues one") {
  const std::vector<BufferConsumer> one = {{kLeft, 4096, true}};
  CHECK(wanted_slots(3, kSmall, one) == Sizing{3, {{kLeft, {2, 1}}}, 6});
}

TEST_CASE("Two edges between the same ports add up") {
  const std::vector<BufferConsumer> twice = {
      {kRight, 4, false}, {kLeft, 4, false}, {kRight, 4, true}};
  CHECK(wanted_slots(2, kLarge, twice) == Sizing{2, {{kLeft, {2, 4}}, {kRight, {4, 5}}}, 17});
  CHECK(least_slots(twice) == Sizing{1, {{kLeft, {1, 1}}, {kRight, {2, 2}}}, 7});
}

TEST_CASE("What does not fit shrinks: queues evenly, then leases, then the writer's") {
  const std::vector<BufferConsumer> two = {{kLeft, 4, false}, {kRight, 2, false}};
  const auto fit = [&](std::uint64_t slots) { return fit_slots(3, kLarge, two, slots); };
  CHECK(fit(13) == Sizing{3, {{kLeft, {2, 4}}, {kRight, {2, 2}}}, 13});
  CHECK(fit(12) == Sizing{3, {{kLeft, {2, 3}}, {kRight, {2, 2}}}, 12});
  CHECK(fit(10) == Sizing{3, {{kLeft, {2, 1}}, {kRight, {2, 1}}}, 9});
  CHECK(fit(8) == Sizing{3, {{kLeft, {1, 1}}, {kRight, {1, 1}}}, 7});
  CHECK(fit(6) == Sizing{2, {{kLeft, {1, 1}}, {kRight, {1, 1}}}, 6});
  CHECK(fit(5) == Sizing{1, {{kLeft, {1, 1}}, {kRight, {1, 1}}}, 5});
  CHECK_FALSE(fit(4));
  CHECK_FALSE(fit(0));
}

TEST_CASE("A sink that joins gets of the spare slots, at least what it needs") {
  CHECK_FALSE(share_of_spare({1, 1}, {2, 4}, 1));
  CHECK(share_of_spare({1, 1}, {2, 4}, 2) == Share{1, 1});
  CHECK(share_of_spare({1, 1}, {2, 4}, 3) == Share{2, 1});
  CHECK(share_of_spare({1, 1}, {2, 4}, 5) == Share{2, 3});
  CHECK(share_of_spare({1, 1}, {2, 4}, 100) == Share{2, 4});
}

TEST_CASE("Whatever fits is as large as it can be and never larger than what there is") {
  test::Random random;
  INFO(random.again());
  for (int round = 0; round < 2000; ++round) {
    std::vector<BufferConsumer> consumers;
    for (auto edges = random.between(0, 12); edges > 0; --edges)
      consumers.push_back({{static_cast<DeviceId>(random.between(1, 5)), 1},
                           static_cast<std::size_t>(random.between(0, 40)),
                           random.between(0, 3) == 0});
    const auto writer = static_cast<std::uint32_t>(random.between(1, 16));
    const std::uint64_t bytes = random.between(0, 1) != 0 ? kLarge : kSmall;
    const std::uint64_t slots_max = random.between(0, 300);
    const auto fit = fit_slots(writer, bytes, consumers, slots_max);
    REQUIRE(fit.has_value() == (least_slots(consumers).slots <= slots_max));
    if (!fit) continue;
    std::uint32_t sum = fit->writer;
    for (const auto& [sink, share] : fit->shares) sum += share.slots();
    REQUIRE(sum == fit->slots);
    REQUIRE(fit->slots <= slots_max);
    const Sizing wanted = wanted_slots(writer, bytes, consumers);
    REQUIRE(fit->shares.size() == wanted.shares.size());
    if (wanted.slots <= slots_max) REQUIRE(*fit == wanted);
  }
}
