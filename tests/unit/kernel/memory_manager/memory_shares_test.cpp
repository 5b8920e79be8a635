// Consumers that come and go: shares, guests, larger pools.
#include "tests/support/seed.hpp"
#include "tests/unit/kernel/memory_manager/desk.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

const BufferConsumer kViews{kViewer, 4, false};
const BufferConsumer kRecords{kRecorder, 4, false};

// The pool that was opened unasked, if one was.
std::uint32_t larger_than(Desk& desk, std::uint32_t pool) {
  for (const PoolStats& each : desk.memory.stats())
    if (each.state == PoolState::opening && each.pool > pool) return each.pool;
  return 0;
}

}  // namespace

TEST_CASE("A consumer that joins makes the kernel open a larger pool, and is a guest until then") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto first = desk.open();
  desk.feed(kScreen, {kViews, kRecords});
  CHECK(desk.sink(first, kRecorder).share == kGuestShare);
  CHECK(desk.host.open_of(3, first)->open.share == 1);
  const auto larger = larger_than(desk, first);
  REQUIRE(larger != 0);
  CHECK(desk.host.open_of(1, larger)->open.writable);
  CHECK(desk.stats(larger).slots == 3 + 6 + 6);
  CHECK_FALSE(desk.host.was_closed(1, first));  // it goes on until then
  CHECK(desk.publish(kScreen, desk.borrow()) == std::vector{kViewer});

  desk.map(1, larger);
  CHECK(desk.host.was_closed(1, first));
  CHECK(desk.sink(larger, kRecorder).share == Share{2, 4});
  CHECK(desk.host.open_of(3, larger)->open.share == 2);
}

TEST_CASE("A guest of an edge that blocks is served, one buffer at a time") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  desk.feed(kScreen, {kViews, {kRecorder, 100, true}});
  const auto one = desk.publish_one(kScreen, true), two = desk.publish_one(kScreen, true);
  CHECK(desk.take(kRecorder).size() == 1);
  desk.release(kRecorder, one);
  CHECK(desk.host.roomy == std::vector{kRecorder});
  CHECK(desk.take(kRecorder).size() == 1);
  desk.release(kRecorder, two);
  CHECK(desk.sink(pool, kRecorder).leased == 0);
}

TEST_CASE("A consumer that comes back takes the share that it left") {
  Desk desk;
  desk.feed(kScreen, {kViews, kRecords});
  const auto pool = desk.open();
  for (int i = 0; i < 3; ++i) desk.publish_one();
  desk.take(kRecorder);
  desk.kill(3);
  desk.feed(kScreen, {kViews});
  CHECK(desk.sink(pool, kRecorder).share == Share{0, 0});
  desk.connect(3);
  desk.feed(kScreen, {kViews, kRecords});
  CHECK(desk.sink(pool, kRecorder).share == Share{2, 4});
  CHECK(larger_than(desk, pool) == 0);
}

TEST_CASE("A consumer takes what is spare, as long as it is one to lease and one to queue") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}, {kRecorder, 1, false}});
  const auto pool = desk.open();  // 3 + 6 + 3
  desk.feed(kScreen, {{kViewer, 4, false}});
  desk.feed(kScreen, {{kViewer, 4, false}, {{4, 1}, 4, false}});
  CHECK(desk.sink(pool, {4, 1}).share == Share{2, 1});
  CHECK(larger_than(desk, pool) == 0);
}

TEST_CASE("What a consumer that is fed no more still holds is not spare") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  for (int i = 0; i < 2; ++i) desk.publish_one();
  REQUIRE(desk.take(kViewer).size() == 2);
  for (int i = 0; i < 4; ++i) desk.publish_one();
  desk.feed(kScreen, {kRecords});  // the 6 of the viewer's share are leased or queued
  CHECK(desk.sink(pool, kViewer).share == kGuestShare);
  CHECK(desk.sink(pool, kRecorder).share == kGuestShare);
  CHECK(larger_than(desk, pool) != 0);
}

TEST_CASE("Shares are even where the budget is small, and the last consumer finds one too") {
  Desk desk;
  const PortRef third{4, 1};
  desk.connect(4);
  // 64 MiB hold 12 slots of 5 MiB: 3 to write and 3 for each.
  desk.host.feeds[kScreen] = {kViews, kRecords, {third, 4, false}};
  const auto pool = desk.open(kScreen, 5 * kMiB);
  for (const PortRef sink : {kViewer, kRecorder, third})
    CHECK(desk.sink(pool, sink).share == Share{2, 1});
  CHECK(larger_than(desk, pool) == 0);
}

TEST_CASE("A consumer for whom no larger pool can be had stays a guest until one can") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open(kScreen, 5 * kMiB);
  desk.open(kSecond, kMiB, 6);  // 6 MiB of the 64 are in use
  const PortRef third{4, 1}, fourth{5, 1}, fifth{6, 1}, sixth{7, 1};
  for (DeviceId device = 4; device <= 7; ++device) desk.connect(device);
  const std::vector<BufferConsumer> many = {
      kViews,           kRecords, {third, 4, false}, {fourth, 4, false}, {fifth, 4, false},
      {sixth, 4, false}};
  desk.feed(kScreen, many);  // at least 13 of 5 MiB
  CHECK(larger_than(desk, pool) == 0);
  CHECK(desk.sink(pool, sixth).share == kGuestShare);
  desk.feed(kScreen, {kViews, kRecords});
  CHECK(larger_than(desk, pool) != 0);
}

TEST_CASE("A sink that gets buffers by way of another device is a guest and gets a share too") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto first = desk.open();
  const auto ref = desk.publish_one();
  REQUIRE(desk.take(kViewer).size() == 1);
  const PortRef relay{kViewer.device, 9};
  desk.host.feeds[relay] = {kRecords};
  CHECK(desk.publish(relay, ref).empty());  // no room for a guest
  desk.turn();
  const auto larger = larger_than(desk, first);
  REQUIRE(larger != 0);
  CHECK(desk.stats(larger).slots == 3 + 6 + 6);
  desk.map(1, larger);
  CHECK(desk.sink(larger, kRecorder).share == Share{2, 4});

  desk.host.slots[kScreen].erase(desk.host.slots[kScreen].begin(),
                                 desk.host.slots[kScreen].end() - 3);  // those of the first
  const auto next = desk.publish_one();
  CHECK(next.pool() == larger);
  REQUIRE(desk.take(kViewer).size() == 1);
  CHECK(desk.publish(relay, next) == std::vector{kRecorder});
  CHECK(desk.host.open_of(3, larger));
}

TEST_CASE("A sink that blocks and gets buffers by way of another is told of the pool in time") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  const auto ref = desk.publish_one();
  REQUIRE(desk.take(kViewer).size() == 1);
  const PortRef relay{kViewer.device, 9};
  desk.host.feeds[relay] = {{kRecorder, 1, true}};
  CHECK(desk.publish(relay, ref, true).size() == 1);
  CHECK(desk.host.open_of(3, pool));
  desk.release(kViewer, ref);
  REQUIRE(desk.take(kRecorder).size() == 1);
  desk.release(kRecorder, ref);
  CHECK(desk.stats(pool).free + desk.stats(pool).writing == desk.stats(pool).slots);
}

TEST_CASE("However consumers come and go, shares fit their pools and a mapped pool serves all") {
  Random random;
  INFO(random.again());
  Desk desk;
  std::vector<PortRef> sinks;
  for (DeviceId device = 2; device < 10; ++device) {
    desk.connect(device);
    sinks.push_back({device, 1});
  }
  desk.open(kScreen, 64 * kPage);
  for (int round = 0; round < 300; ++round) {
    std::vector<BufferConsumer> consumers;
    for (const PortRef sink : sinks)
      if (random.between(0, 1) != 0)
        consumers.push_back({sink, random.between(1, 8), random.between(0, 4) == 0});
    desk.feed(kScreen, consumers);
    for (const PoolStats& pool : desk.memory.stats()) {
      if (pool.state == PoolState::opening) desk.map(1, pool.pool);
      if (desk.is_there(pool.pool) && desk.stats(pool.pool).state == PoolState::retiring)
        REQUIRE(desk.memory.pool_closed(1, pool.pool, desk.now_ns));
      if (desk.is_there(pool.pool) && desk.stats(pool.pool).state == PoolState::closing)
        for (const PortRef sink : sinks)
          if (desk.host.was_closed(sink.device, pool.pool))
            REQUIRE(desk.memory.pool_closed(sink.device, pool.pool, desk.now_ns));
    }
    const auto pools = desk.memory.stats();
    REQUIRE(std::ranges::count(pools, PoolState::open, &PoolStats::state) == 1);
    const auto open = *std::ranges::find(pools, PoolState::open, &PoolStats::state);
    std::uint32_t sum = 3;
    for (const SinkStats& sink : open.sinks) sum += sink.share.queued > 0 ? sink.share.slots() : 0;
    REQUIRE(sum <= open.slots);
    for (const BufferConsumer& consumer : consumers)
      REQUIRE(desk.sink(open.pool, consumer.sink).share.queued > 0);
  }
}

TEST_CASE("What somebody leaves goes to those who have less than they would like") {
  Desk desk;
  const PortRef third{4, 1};
  desk.connect(4);
  desk.host.feeds[kScreen] = {kViews, kRecords, {third, 4, false}};
  const auto pool = desk.open(kScreen, 5 * kMiB);  // 12 slots
  REQUIRE(desk.sink(pool, kViewer).share == Share{2, 1});
  desk.feed(kScreen, {kViews, kRecords});
  const auto viewer = desk.sink(pool, kViewer).share, recorder = desk.sink(pool, kRecorder).share;
  CHECK(viewer == Share{2, 3});
  CHECK(recorder == Share{2, 2});
  desk.feed(kScreen, {kViews});
  CHECK(desk.sink(pool, kViewer).share == Share{2, 4});
}

TEST_CASE("Consumers without a share are told of once, and of room when they have one") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open(kScreen, 20 * kMiB);                     // 3 slots of 20 MiB
  for (int i = 0; i < 3; ++i) desk.feed(kScreen, {kViews, kRecords});  // at least 5
  REQUIRE(desk.host.shortages.size() == 1);
  CHECK(desk.host.shortages[0].first == kScreen);
  CHECK_THAT(desk.host.shortages[0].second,
             Catch::Contains("5 slots of 20971520 bytes") && Catch::Contains("limits.buffers"));
  CHECK(desk.stats(pool).crowded);
  CHECK(desk.publish(kScreen, desk.borrow()) == std::vector{kViewer});
  for (const auto& ref : desk.take(kViewer)) desk.release(kViewer, ref);
  CHECK(desk.host.roomy.empty());

  desk.feed(kScreen, {kRecords});
  CHECK(desk.host.roomy == std::vector{kRecorder});
  CHECK_FALSE(desk.stats(pool).crowded);
  CHECK(desk.publish(kScreen, desk.borrow()) == std::vector{kRecorder});
}
