// How pools end: replaced, drained, closed in time or not, and deaths.
#include "tests/unit/kernel/memory_manager/desk.hpp"

#include <fcntl.h>

using namespace dkvm;
using namespace dkvm::test;
using Catch::Contains;

namespace {

constexpr std::uint64_t kNever = MemoryManager::kNever;
const BufferConsumer kViews{kViewer, 4, false};

bool close(Desk& desk, DeviceId device, std::uint32_t pool) {
  return desk.memory.pool_closed(device, pool, desk.now_ns).has_value();
}

}  // namespace

TEST_CASE("A pool that is replaced drains, then its consumers close it, then it is gone") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto old = desk.open();
  const auto first = desk.publish_one();
  REQUIRE(desk.take(kViewer).size() == 1);
  const auto kept = desk.borrow();
  const auto fresh = desk.open(kScreen, 128 * kPage);
  CHECK(desk.host.was_closed(1, old));
  CHECK(desk.stats(old).state == PoolState::retiring);
  CHECK_FALSE(desk.host.was_closed(2, old));

  const auto reached = desk.publish(kScreen, kept);  // what it still has counts
  CHECK(reached.size() == 1);
  CHECK(desk.stats(old).writing == 1);  // no grants in the old one any more
  REQUIRE(close(desk, 1, old));
  CHECK(desk.stats(old).state == PoolState::draining);
  CHECK(desk.stats(old).writing == 0);

  for (const auto& ref : desk.take(kViewer)) desk.release(kViewer, ref);
  CHECK_FALSE(desk.host.was_closed(2, old));
  desk.release(kViewer, first);
  CHECK(desk.host.was_closed(2, old));
  REQUIRE(close(desk, 2, old));
  CHECK_FALSE(desk.is_there(old));
  CHECK(desk.is_there(fresh));
  CHECK(desk.memory.deadline() == kNever);
}

TEST_CASE("A second pool before the first is mapped takes its place") {
  Desk desk;
  const auto first = desk.try_open(), second = desk.try_open();
  CHECK(desk.host.was_closed(1, first->pool));
  desk.map(1, first->pool);  // was under way
  CHECK(desk.host.slots.empty());
  desk.map(1, second->pool);
  CHECK(desk.host.slots[kScreen].size() == 3);
  REQUIRE(close(desk, 1, first->pool));
  CHECK_FALSE(desk.is_there(first->pool));
}

TEST_CASE("A pool that is not mapped in time is an offence of its producer") {
  Desk desk;
  REQUIRE(desk.try_open());
  CHECK(desk.memory.deadline() == desk.now_ns + 10 * kSecondNs);
  desk.now_ns += 10 * kSecondNs - 1;
  desk.turn();
  CHECK(desk.host.offences.empty());
  desk.now_ns += 1;
  desk.turn();
  REQUIRE(desk.host.offences.size() == 1);
  CHECK(desk.host.offences[0].first == 1);
  CHECK_THAT(desk.host.offences[0].second, Contains("pool 1 within 10 s"));
  CHECK(desk.memory.deadline() == kNever);
}

TEST_CASE("A pool that is not closed in time is an offence of who was asked") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto old = desk.open();
  desk.open();
  const bool by_consumer = GENERATE(false, true);
  if (by_consumer) REQUIRE(close(desk, 1, old));
  desk.now_ns += kSecondNs;
  desk.turn();
  REQUIRE(desk.host.offences.size() == 1);
  CHECK(desk.host.offences[0].first == (by_consumer ? 2 : 1));
  CHECK_THAT(desk.host.offences[0].second, Contains("pool_close of pool 1 within 1 s"));
  desk.kill(desk.host.offences[0].first);
  CHECK(desk.is_there(old) == !by_consumer);
}

TEST_CASE("Deadlines do not hold for a device that is not watched") {
  Desk desk;
  desk.host.peers[1].watched = false;
  REQUIRE(desk.try_open());
  desk.now_ns += 60 * kSecondNs;
  desk.turn();
  CHECK(desk.host.offences.empty());
  desk.map(1, 1);
}

TEST_CASE("A dead consumer's leases return at once, and its queue's when it is dropped") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  for (int i = 0; i < 5; ++i) desk.publish_one();
  REQUIRE(desk.take(kViewer).size() == 2);
  desk.kill(2);
  const auto stats = desk.stats(pool);
  CHECK(stats.free + stats.writing == stats.slots);
  CHECK(stats.sinks.empty());
  CHECK(desk.memory.deadline() == kNever);
}

TEST_CASE("A dead consumer's accounts are right whichever is told first, memory or queues") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  for (int i = 0; i < 5; ++i) desk.publish_one();
  desk.take(kViewer);
  desk.memory.device_gone(2, desk.now_ns);
  desk.drop_queue(2);
  desk.turn();
  CHECK(desk.stats(pool).free + desk.stats(pool).writing == desk.stats(pool).slots);
  CHECK(desk.stats(pool).sinks.empty());
}

TEST_CASE("A dead producer's published buffers stay until they are released") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  const auto leased = desk.publish_one(), queued = desk.publish_one();
  REQUIRE(desk.memory.lease(kViewer, Refs{leased}));
  desk.queued.erase(desk.queued.begin());
  desk.kill(1);
  CHECK(desk.stats(pool).state == PoolState::draining);
  CHECK(desk.stats(pool).writing == 0);
  desk.release(kViewer, leased);
  REQUIRE(desk.take(kViewer).size() == 1);
  CHECK_FALSE(desk.host.was_closed(2, pool));
  desk.release(kViewer, queued);
  CHECK(desk.host.was_closed(2, pool));
  REQUIRE(close(desk, 2, pool));
  CHECK(desk.memory.totals().pools == 0);
  CHECK(desk.memory.totals().bytes == 0);
}

TEST_CASE("The next incarnation of a producer has nothing of the last one's pools") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  const auto leased = desk.publish_one(), unpublished = desk.borrow();
  desk.take(kViewer);
  desk.kill(1);
  desk.connect(1);
  CHECK_FALSE(desk.memory.publish(kScreen, Refs{unpublished}));
  CHECK_FALSE(desk.memory.publish(kScreen, Refs{leased}));
  CHECK_FALSE(close(desk, 1, pool));
  CHECK_FALSE(desk.memory.pool_mapped(1, pool, desk.now_ns));
  const auto next = desk.open();
  CHECK(next != pool);
}

TEST_CASE("A producer that dies before it has mapped leaves nothing") {
  Desk desk;
  REQUIRE(desk.try_open());
  const auto fd = desk.host.opened[0].fd->get();
  desk.host.opened.clear();
  desk.kill(1);
  CHECK(desk.memory.totals().pools == 0);
  CHECK(desk.memory.deadline() == kNever);
  desk.worker.drain();
  CHECK(::fcntl(fd, F_GETFD) == -1);
}

TEST_CASE("When all are dead no pool and no descriptor is left") {
  Desk desk;
  desk.feed(kScreen, {kViews, {kRecorder, 4, false}});
  const auto pool = desk.open();
  for (int i = 0; i < 4; ++i) desk.publish_one();
  desk.take(kViewer);
  const DeviceId order[] = {1, 2, 3};
  const auto first = static_cast<std::size_t>(GENERATE(0, 1, 2));
  const auto fd = desk.host.open_of(2, pool)->fd->get();
  for (std::size_t i = 0; i < 3; ++i) desk.kill(order[(first + i) % 3]);
  CHECK(desk.memory.totals().pools == 0);
  desk.host.opened.clear();
  desk.worker.drain();
  CHECK(::fcntl(fd, F_GETFD) == -1);
}

TEST_CASE("A port that closes ends its pool, and as a sink gives back what it holds") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto pool = desk.open();
  desk.publish_one();
  desk.take(kViewer);
  desk.memory.port_gone(kViewer, desk.now_ns);
  CHECK(desk.stats(pool).free + desk.stats(pool).writing == desk.stats(pool).slots);
  desk.memory.port_gone(kScreen, desk.now_ns);
  CHECK(desk.host.was_closed(1, pool));
  REQUIRE(close(desk, 1, pool));
  REQUIRE(close(desk, 2, pool));  // its device lives and has it mapped
  CHECK(desk.memory.totals().pools == 0);
}

TEST_CASE("A pool of one buffer closes by itself when that has drained") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  const auto made = desk.memory.allocate(1, kScreen.port, 12'345, desk.now_ns);
  REQUIRE(made);
  CHECK(made->slots == 1);
  desk.map(1, made->pool);
  CHECK(desk.host.open_of(2, made->pool));
  REQUIRE(desk.host.slots[kScreen].size() == 1);
  const auto ref = desk.publish_one();
  CHECK(ref.length() == 12'345);
  CHECK(desk.host.slots[kScreen].empty());
  REQUIRE(desk.take(kViewer).size() == 1);
  CHECK_FALSE(desk.host.was_closed(1, made->pool));
  desk.release(kViewer, ref);
  CHECK(desk.host.was_closed(1, made->pool));
  REQUIRE(close(desk, 1, made->pool));
  REQUIRE(close(desk, 2, made->pool));
  CHECK(desk.memory.totals().pools == 0);
}

TEST_CASE("A pool of one buffer closes when that is given back or goes to nobody") {
  Desk desk;
  const auto made = desk.memory.allocate(1, kScreen.port, kPage, desk.now_ns);
  desk.map(1, made->pool);
  const auto ref = desk.borrow();
  if (GENERATE(false, true))
    REQUIRE(desk.memory.give_back(kScreen, ref, desk.now_ns));
  else
    desk.publish(kScreen, ref);
  REQUIRE(desk.host.was_closed(1, made->pool));
  REQUIRE(close(desk, 1, made->pool));
  CHECK(desk.memory.totals().pools == 0);
}

TEST_CASE("Allocating beyond what there is is exhausted at once, beyond what may be is invalid") {
  Desk desk;
  const auto code = [&](std::uint64_t bytes) {
    const auto made = desk.memory.allocate(1, kScreen.port, bytes, desk.now_ns);
    REQUIRE_FALSE(made);
    return made.error().code();
  };
  CHECK(code(0) == Errc::invalid);
  CHECK(code(std::uint64_t{1} << 63) == Errc::invalid);
  CHECK(code(64 * kMiB + 1) == Errc::invalid);
  REQUIRE(desk.memory.allocate(1, kScreen.port, 40 * kMiB, desk.now_ns));
  CHECK(code(30 * kMiB) == Errc::exhausted);
}
