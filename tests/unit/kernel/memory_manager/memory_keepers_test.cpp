// Who does not let go: consumers that keep buffers, those that close nothing, and
// deadlines that are no fault of theirs.
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

TEST_CASE("A consumer that does not release cannot hold all pools that are replaced") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  std::size_t reached = 0;
  std::uint32_t former = 0;
  std::vector<wire::BufferRef> held;
  for (std::size_t i = 0; i < kPoolsPerDeviceMax + 2; ++i) {
    desk.host.slots.clear();
    const auto pool = desk.open();
    if (former != 0) REQUIRE(close(desk, 1, former));
    if (desk.host.was_closed(2, former)) REQUIRE(close(desk, 2, former));
    former = pool;
    reached += desk.publish(kScreen, desk.borrow()).size();
    for (const auto& ref : desk.take(kViewer)) held.push_back(ref);
  }
  CHECK(reached == kPoolsBesidePerDeviceMax);
  CHECK(held.size() == reached);
  for (const auto& ref : held) desk.release(kViewer, ref);
  CHECK(desk.publish(kScreen, desk.borrow()).size() == 1);
}

TEST_CASE("A consumer that does not release cannot hold all buffers of one use") {
  Desk desk;
  desk.feed(kScreen, {kViews});
  std::size_t reached = 0;
  for (std::size_t i = 0; i < kPoolsBesidePerDeviceMax + 2; ++i) {
    const auto made = desk.memory.allocate(1, kScreen.port, kPage, desk.now_ns);
    REQUIRE(made);
    desk.map(1, made->pool);
    reached += desk.publish(kScreen, desk.borrow()).size();
    desk.take(kViewer);
  }
  CHECK(reached == kPoolsBesidePerDeviceMax);
}

TEST_CASE("What comes late because the kernel stood still is no offence") {
  Desk desk;
  REQUIRE(desk.try_open());
  desk.now_ns += 11 * kSecondNs;
  desk.turn();
  CHECK(desk.host.offences.empty());
  CHECK(desk.memory.deadline() == desk.now_ns + 10 * kSecondNs);  // anew
  desk.now_ns += 10 * kSecondNs;
  desk.turn();
  CHECK(desk.host.offences.size() == 1);
}

TEST_CASE("Nobody is blamed in the middle of a turn, when an answer may not have been read") {
  Desk desk;
  const auto made = desk.try_open();
  desk.now_ns += 10 * kSecondNs;
  desk.memory.tick(desk.now_ns);
  CHECK(desk.host.offences.empty());
  desk.map(1, made->pool);
  desk.memory.judge(desk.now_ns);
  CHECK(desk.host.offences.empty());
}

TEST_CASE("A producer that starts anew gets its pool, whatever a consumer keeps of the last ones") {
  Desk desk;
  desk.host.peers[3].watched = GENERATE(true, false);
  std::uint64_t bytes_most = 0;
  for (int life = 0; life < 40; ++life) {
    desk.connect(1);
    desk.feed(kScreen, {kViews, {kRecorder, 4, false}});
    desk.open();
    for (int frame = 0; frame < 5; ++frame) {
      const auto ref = desk.borrow();
      const auto reached = desk.publish(kScreen, ref);
      REQUIRE(std::ranges::find(reached, kViewer) != reached.end());
      REQUIRE(desk.take(kViewer).size() == 1);
      desk.release(kViewer, ref);
      desk.take(kRecorder);  // and releases nothing
    }
    desk.feed(kScreen, {});
    desk.kill(1);
    for (const PoolStats& pool : desk.memory.stats())
      for (const DeviceId reader : {DeviceId{2}, DeviceId{3}})
        if (desk.is_there(pool.pool) && desk.host.was_closed(reader, pool.pool))
          desk.memory.pool_closed(reader, pool.pool, desk.now_ns);
    bytes_most = std::max(bytes_most, desk.memory.totals().bytes);
  }
  CHECK(desk.memory.totals().pools == kPoolsBesidePerDeviceMax);
  CHECK(bytes_most <= (kPoolsBesidePerDeviceMax + 1) * 15 * 64 * kPage);
  desk.kill(3);
  desk.kill(2);
  CHECK(desk.memory.totals().bytes == 0);
}

TEST_CASE("A reader that nobody watches and that closes nothing holds up no pool") {
  Desk desk;
  desk.host.peers[2].watched = false;
  desk.feed(kScreen, {kViews, {kRecorder, 4, false}});
  const std::size_t rounds = kPoolsOwedPerDeviceMax + 8;
  std::uint32_t former = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    desk.host.slots.clear();
    const auto pool = desk.open();
    if (former != 0) REQUIRE(close(desk, 1, former));
    if (former != 0) REQUIRE(close(desk, 3, former));
    desk.now_ns += kSecondNs;
    desk.turn();
    CHECK(desk.memory.totals().pools == 1);
    const auto reached = desk.publish(kScreen, desk.borrow());
    CHECK(std::ranges::find(reached, kRecorder) != reached.end());
    for (const auto& ref : desk.take(kViewer)) desk.release(kViewer, ref);
    for (const auto& ref : desk.take(kRecorder)) desk.release(kRecorder, ref);
    former = pool;
  }
  CHECK(desk.host.offences.empty());
  CHECK_FALSE(desk.host.open_of(2, former));  // it owes too many
  CHECK(desk.memory.totals().bytes <= (kPoolsOwedPerDeviceMax + 2) * 15 * 64 * kPage);

  // It goes on: what it says late is no lie, and it has buffers again.
  desk.host.roomy.clear();
  for (std::uint32_t pool = 1; pool < former; ++pool)
    if (desk.host.was_closed(2, pool)) CHECK(close(desk, 2, pool));
  CHECK_FALSE(close(desk, 2, 1));
  CHECK(std::ranges::count(desk.host.roomy, kViewer) == 1);
  CHECK(desk.publish(kScreen, desk.borrow()).size() == 2);
  CHECK(desk.host.open_of(2, former));
}

TEST_CASE("A producer that nobody watches and that does not close its pool is not waited for") {
  Desk desk;
  desk.host.peers[1].watched = false;
  const auto old = desk.open();
  desk.open();
  desk.now_ns += kSecondNs;
  desk.turn();
  CHECK_FALSE(desk.is_there(old));
  CHECK(close(desk, 1, old));
  CHECK_FALSE(close(desk, 1, old));
}

TEST_CASE("The cap on single-use buffers counts devices, whatever ports they use") {
  Desk desk;
  const PortRef other{kViewer.device, 2};
  std::size_t reached = 0;
  for (std::size_t i = 0; i < kPoolsBesidePerDeviceMax + 2; ++i) {
    const PortRef source = i % 2 == 0 ? kScreen : kSecond, sink = i % 2 == 0 ? kViewer : other;
    desk.feed(source, {{sink, 4, false}});
    const auto made = desk.memory.allocate(1, source.port, kPage, desk.now_ns);
    REQUIRE(made);
    desk.map(1, made->pool);
    reached += desk.publish(source, desk.borrow(source)).size();
    desk.take(sink);
  }
  CHECK(reached == kPoolsBesidePerDeviceMax);
}

TEST_CASE("A sink of policy block, too, leases from few pools and is told when it may again") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 1, true}});
  std::vector<wire::BufferRef> held;
  for (std::size_t i = 0; i < kPoolsBesidePerDeviceMax + 1; ++i) {
    desk.connect(1);
    desk.open();
    desk.publish(kScreen, desk.borrow(), true);
    for (const auto& ref : desk.take(kViewer)) held.push_back(ref);
    if (i < kPoolsBesidePerDeviceMax) desk.kill(1);
  }
  REQUIRE(held.size() == kPoolsBesidePerDeviceMax);
  desk.host.roomy.clear();
  desk.release(kViewer, held[0]);
  CHECK(desk.host.roomy == std::vector{kViewer});
  CHECK(desk.take(kViewer).size() == 1);
}
