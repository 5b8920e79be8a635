// Opening, mapping, granting, publishing, releasing; what is refused, and why.
#include "tests/unit/kernel/memory_manager/desk.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

using namespace dkvm;
using namespace dkvm::test;
using Catch::Contains;

namespace {

ino_t inode(const std::shared_ptr<const UniqueFd>& fd) {
  struct stat status {};
  REQUIRE(::fstat(fd->get(), &status) == 0);
  return status.st_ino;
}

}  // namespace

TEST_CASE("A pool is given to its producer first, and to consumers when it is sealed") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}});
  const auto made = desk.try_open(kScreen, 100'000);
  REQUIRE(made);
  CHECK(made->slots == 3 + 2 + 4);
  REQUIRE(desk.host.opened.size() == 1);
  const auto* mine = desk.host.open_of(kScreen.device, made->pool);
  REQUIRE(mine);
  CHECK(mine->open.writable);
  CHECK(mine->open.port == kScreen.port);
  CHECK(mine->open.slot_count == 9);
  CHECK(mine->open.slot_bytes == 102'400);
  CHECK(mine->open.bytes == 9 * 102'400);
  CHECK(desk.host.slots.empty());

  desk.map(kScreen.device, made->pool);
  const auto* theirs = desk.host.open_of(kViewer.device, made->pool);
  REQUIRE(theirs);
  CHECK_FALSE(theirs->open.writable);
  CHECK(theirs->open.port == kViewer.port);
  CHECK(theirs->open.share == 2);
  CHECK((::fcntl(theirs->fd->get(), F_GETFL) & O_ACCMODE) == O_RDONLY);
  CHECK(inode(theirs->fd) == inode(mine->fd));
  CHECK(::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, mine->fd->get(), 0) ==
        MAP_FAILED);
  CHECK(desk.host.slots[kScreen].size() == 3);
  CHECK(desk.host.slots[kScreen][0].length() == 100'000);
}

TEST_CASE("A consumer device is told of a pool once, whatever its ports") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}, {{kViewer.device, 2}, 4, false}});
  const auto pool = desk.open();
  desk.feed(kScreen, {{kViewer, 4, false}, {{kViewer.device, 2}, 4, false}});
  CHECK(std::ranges::count_if(desk.host.opened, [&](const auto& each) {
          return each.device == kViewer.device && each.open.pool == pool;
        }) == 1);
}

TEST_CASE("Slots go round between a producer and its consumers") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}, {kRecorder, 4, false}});
  const auto pool = desk.open();
  for (int frame = 0; frame < 1000; ++frame) {
    const auto ref = desk.borrow();
    REQUIRE(desk.publish(kScreen, ref).size() == 2);
    for (const PortRef sink : {kViewer, kRecorder}) {
      REQUIRE(desk.take(sink).size() == 1);
      desk.release(sink, ref);
    }
  }
  const auto stats = desk.stats(pool);
  CHECK(stats.free + stats.writing == stats.slots);
  CHECK(stats.exhausted == 0);
  CHECK(desk.host.offences.empty());
}

TEST_CASE("A producer is granted slots ahead when half of its stock is gone") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}});
  desk.open(kScreen, kPage, 4);
  auto& stock = desk.host.slots[kScreen];
  REQUIRE(stock.size() == 4);
  desk.publish_one();
  CHECK(stock.size() == 3);
  desk.publish_one();
  CHECK(stock.size() == 4);
}

TEST_CASE("A producer whose last slot went with none to grant is counted") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 1, true}});
  const auto pool = desk.open();  // 3 + 2 + 1
  std::vector<wire::BufferRef> published;
  while (!desk.host.slots[kScreen].empty()) published.push_back(desk.publish_one(kScreen, true));
  CHECK(published.size() == 6);
  CHECK(desk.stats(pool).exhausted == 1);
  CHECK(desk.memory.totals().exhausted == 1);
  REQUIRE(desk.take(kViewer).size() == 2);
  desk.release(kViewer, published[0]);
  CHECK(desk.host.slots[kScreen].size() == 1);
  CHECK(desk.stats(pool).exhausted == 1);
}

TEST_CASE("A sink with its share waits for a release, and is told of room") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}});
  desk.open();
  for (int i = 0; i < 3; ++i) desk.publish_one();
  const auto taken = desk.take(kViewer);
  REQUIRE(taken.size() == 2);
  CHECK(desk.host.roomy.empty());
  desk.release(kViewer, taken[0]);
  CHECK(desk.host.roomy == std::vector{kViewer});
  CHECK(desk.take(kViewer).size() == 1);
}

TEST_CASE("A stopped consumer never starves another, nor its producer") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}, {kRecorder, 4, false}});
  desk.open();
  for (int frame = 0; frame < 200; ++frame) {  // the recorder takes two and stops
    const auto ref = desk.borrow();
    const auto reached = desk.publish(kScreen, ref);
    REQUIRE(std::ranges::find(reached, kViewer) != reached.end());
    REQUIRE(desk.take(kViewer).size() == 1);
    if (frame < 2) desk.take(kRecorder);
    desk.release(kViewer, ref);
  }
  CHECK(desk.memory.totals().exhausted == 0);
}

TEST_CASE("What a pool cannot be is refused in words") {
  Desk desk;
  const auto why = [&](const PoolRequest& request, Errc code) {
    const auto made = desk.memory.open_pool(1, request, desk.now_ns);
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == code);
    return made.error().message();
  };
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 63;
  CHECK_THAT(why({1, 0}, Errc::invalid), Contains("'slot_bytes' is 0"));
  CHECK_THAT(why({1, kHuge}, Errc::invalid), Contains("'slot_bytes' is 9223372036854775808"));
  CHECK_THAT(why({1, kPage, 0}, Errc::invalid), Contains("'slots' is 0, expected 1 to 16"));
  CHECK_THAT(why({1, kPage, 17}, Errc::invalid), Contains("'slots' is 17"));
  CHECK_THAT(why({1, kPage, 3, wire::MemoryKind::named}, Errc::denied), Contains("trusted: true"));
  CHECK_THAT(why({1, kPage, 3, wire::MemoryKind::dmabuf}, Errc::invalid),
             Contains("expected memfd or named"));
  desk.host.peers[1].fds = false;
  CHECK_THAT(why({1, kPage}, Errc::invalid), Contains("did not say 'fds'"));
  CHECK(desk.memory.totals().refused == 7);
  CHECK(desk.memory.totals().pools == 0);
}

TEST_CASE("A pool whose least does not fit its device's limit is refused with the sum") {
  Desk desk;
  desk.host.feeds[kScreen] = {{kViewer, 4, false}, {kRecorder, 4, false}};
  const auto made = desk.try_open(kScreen, 16 * kMiB);  // 5 slots of 16 MiB in 64
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == Errc::invalid);
  CHECK_THAT(made.error().message(), Contains("5 slots of 16777216 bytes") &&
                                         Contains("83886080 bytes") && Contains("limits.buffers"));
  const auto smaller = desk.try_open(kScreen, 12 * kMiB);
  REQUIRE(smaller);
  CHECK(smaller->slots == 5);
}

TEST_CASE("The pools of a device share its limit, and one that is replaced does not count") {
  Desk desk;
  desk.open(kScreen, 10 * kMiB);
  REQUIRE(desk.try_open(kSecond, 10 * kMiB));
  CHECK_FALSE(desk.try_open({1, 3}, 10 * kMiB));
  CHECK(desk.try_open(kScreen, 10 * kMiB));
}

TEST_CASE("All pools together stay within the kernel's limit") {
  Desk desk(10 * kMiB);
  REQUIRE(desk.try_open(kScreen, 3 * kMiB)->slots == 3);
  const auto more = desk.try_open(kSecond, 3 * kMiB);
  REQUIRE_FALSE(more);
  CHECK(more.error().code() == Errc::exhausted);
  CHECK_THAT(more.error().message(), Contains("kernel.buffers"));
  CHECK(desk.memory.totals().bytes == 9 * kMiB);
}

TEST_CASE("A device has so many pools and no more") {
  Desk desk;
  for (std::uint16_t port = 1; port <= kPoolsPerDeviceMax; ++port)
    REQUIRE(desk.try_open({1, port}, kPage));
  const auto more = desk.try_open({1, 100}, kPage);
  REQUIRE_FALSE(more);
  CHECK(more.error().code() == Errc::exhausted);
  CHECK_THAT(more.error().message(), Contains("has 16 pools"));
  CHECK(desk.try_open({2, 1}, kPage));
}

TEST_CASE("Named memory is for the trusted, and is told by its name") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}, {kRecorder, 4, false}});
  desk.host.peers[1].trusted = true;
  desk.host.peers[2].trusted = true;
  const auto made =
      desk.memory.open_pool(1, {kScreen.port, kPage, 3, wire::MemoryKind::named}, desk.now_ns);
  REQUIRE(made);
  desk.map(1, made->pool);
  const auto* mine = desk.host.open_of(1, made->pool);
  CHECK(mine->open.memory == wire::MemoryKind::named);
  CHECK_FALSE(mine->fd);
  CHECK_THAT(mine->open.name, Catch::StartsWith("dkvm-"));
  REQUIRE(desk.host.open_of(2, made->pool));
  CHECK(desk.host.open_of(2, made->pool)->open.name == mine->open.name);
  CHECK_FALSE(desk.host.open_of(3, made->pool));  // not trusted
}

TEST_CASE("A consumer without descriptors gets events it can only release") {
  Desk desk;
  desk.host.peers[2].fds = false;
  desk.feed(kScreen, {{kViewer, 4, false}});
  const auto pool = desk.open();
  CHECK_FALSE(desk.host.open_of(2, pool));
  const auto ref = desk.publish_one();
  REQUIRE(desk.take(kViewer).size() == 1);
  desk.release(kViewer, ref);
  CHECK(desk.stats(pool).free + desk.stats(pool).writing == desk.stats(pool).slots);
}

TEST_CASE("A retained buffer is released as often as it is leased, within the share") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}});
  const auto pool = desk.open();
  const auto ref = desk.publish_one();
  CHECK(desk.memory.retain(kViewer, ref).error().code() == Errc::invalid);
  REQUIRE(desk.take(kViewer).size() == 1);
  REQUIRE(desk.memory.retain(kViewer, ref));
  const auto third = desk.memory.retain(kViewer, ref);
  REQUIRE_FALSE(third);
  CHECK(third.error().code() == Errc::exhausted);
  CHECK_THAT(third.error().message(), Contains("holds 2 buffers") && Contains("share is 2"));
  desk.release(kViewer, ref);
  CHECK(desk.sink(pool, kViewer).leased == 1);
  REQUIRE(desk.memory.give_back(kViewer, ref, desk.now_ns));
  CHECK(desk.sink(pool, kViewer).leased == 0);
  const auto again = desk.memory.give_back(kViewer, ref, desk.now_ns);
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::invalid);
}

TEST_CASE("A granted slot may be given back, once") {
  Desk desk;
  const auto pool = desk.open();
  const auto ref = desk.borrow();
  REQUIRE(desk.memory.give_back(kScreen, ref, desk.now_ns));
  CHECK(desk.stats(pool).writing == 2);
  const auto again = desk.memory.give_back(kScreen, ref, desk.now_ns);
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message(), Contains("not with its producer"));
  CHECK_FALSE(desk.memory.publish(kScreen, Refs{ref}));
}

TEST_CASE("pool_mapped and pool_closed count once, from whom they are asked") {
  Desk desk;
  const auto made = desk.try_open();
  REQUIRE(made);
  const auto why = [](const Result<>& done) {
    REQUIRE_FALSE(done);
    return done.error().message();
  };
  CHECK_THAT(why(desk.memory.pool_mapped(2, made->pool, desk.now_ns)), Contains("mapped pool 1"));
  CHECK_THAT(why(desk.memory.pool_mapped(1, 77, desk.now_ns)), Contains("mapped pool 77"));
  CHECK_THAT(why(desk.memory.pool_closed(1, made->pool, desk.now_ns)), Contains("closed pool 1"));
  desk.map(1, made->pool);
  CHECK_THAT(why(desk.memory.pool_mapped(1, made->pool, desk.now_ns)), Contains("once"));
}

TEST_CASE("A producer that seals its pool itself is found out before consumers get it") {
  Desk desk;
  desk.feed(kScreen, {{kViewer, 4, false}});
  const auto made = desk.try_open();
  const auto* mine = desk.host.open_of(1, made->pool);
  REQUIRE(::fcntl(mine->fd->get(), F_ADD_SEALS, F_SEAL_SEAL) == 0);
  const auto mapped = desk.memory.pool_mapped(1, made->pool, desk.now_ns);
  REQUIRE_FALSE(mapped);
  CHECK_THAT(mapped.error().message(), Contains("pool 1: it has sealed the memory itself"));
  CHECK_FALSE(desk.host.open_of(2, made->pool));
  CHECK(desk.host.slots.empty());
}

TEST_CASE("A device that asks for pools again and again has no more than its limit and one") {
  Desk desk;
  const bool maps = GENERATE(true, false);
  std::uint64_t most = 0;
  for (int i = 0; i < 20; ++i) {
    const auto made = desk.try_open(kScreen, 5 * kMiB);
    if (made && maps) desk.map(1, made->pool);
    if (!made) CHECK(made.error().code() == Errc::exhausted);
    most = std::max(most, desk.memory.totals().bytes);
  }
  CHECK(most <= 2 * 64 * kMiB);
  CHECK(desk.try_open({2, 7}, kMiB));
  for (const auto& [device, pool] : std::vector(desk.host.closed))
    REQUIRE(desk.memory.pool_closed(device, pool, desk.now_ns));
  CHECK(desk.try_open(kScreen, kMiB));
}

TEST_CASE("A pool that another of its device leaves too little for is a passing shortage") {
  Desk desk;
  desk.open(kSecond, 20 * kMiB);  // 3 slots of 20 MiB
  const auto now = desk.try_open(kScreen, 40 * kMiB);
  REQUIRE_FALSE(now);
  CHECK(now.error().code() == Errc::exhausted);
  CHECK_THAT(now.error().message(), Contains("limits.buffers"));
  desk.memory.port_gone(kSecond, desk.now_ns);
  CHECK_FALSE(desk.try_open(kScreen, 40 * kMiB));  // it has it still
  REQUIRE(desk.memory.pool_closed(1, 1, desk.now_ns));
  CHECK(desk.try_open(kScreen, 40 * kMiB));
  CHECK(desk.try_open(kScreen, 65 * kMiB).error().code() == Errc::invalid);
}
