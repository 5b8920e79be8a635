// Producers and consumers that come, go, hoard, hang and ask for ever more pools.
#include "tests/support/seed.hpp"
#include "tests/unit/kernel/memory_manager/desk.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr DeviceId kFlooder = 1, kHealthy = 2, kConsumersFrom = 3, kConsumersTo = 7;
constexpr PortRef kFlood{kFlooder, 1}, kHealth{kHealthy, 1};
constexpr std::uint64_t kBudget = 64 * kMiB;

enum class Mood : std::uint8_t { well, hoards, stands_still };

class World {
 public:
  explicit World(Random& random) : random_(random) {
    for (DeviceId device = kFlooder; device <= kConsumersTo; ++device) start(device);
  }

  void step() {
    desk_.now_ns += roll(50) * 10'000'000;
    const auto consumer = static_cast<DeviceId>(kConsumersFrom + roll(5));
    switch (roll(12)) {
      case 0: restart(kHealthy); break;
      case 1: restart(kFlooder); break;
      case 2: restart(consumer); break;
      case 3: rewire(); break;
      case 4: mood_[consumer] = static_cast<Mood>(roll(3)); break;
      case 5: resize(); break;
      case 6:
      case 7: (void)desk_.try_open(kFlood, (1 + roll(8)) * kMiB, 3); break;
      case 8: (void)desk_.memory.allocate(kFlooder, 1, (1 + roll(20)) * kMiB, desk_.now_ns); break;
      default: show(); break;
    }
    answer();
    turn();
    check();
  }

  // The healthy one has a pool and shows frames, whatever the others did.
  void require_served() {
    for (int tries = 0; tries < 4; ++tries) {
      if (current() != 0) break;
      (void)desk_.try_open(kHealth, kSlot, 3);
      answer();
      turn();
    }
    REQUIRE(current() != 0);
  }

  void end() {
    for (DeviceId device = kFlooder; device <= kConsumersTo; ++device) desk_.kill(device);
    CHECK(desk_.memory.totals().pools == 0);
    CHECK(desk_.memory.totals().bytes == 0);
    CHECK(desk_.memory.deadline() == MemoryManager::kNever);
    CHECK(desk_.queued.empty());
  }

 private:
  static constexpr std::uint64_t kSlot = 256 * 1024;

  std::uint64_t roll(std::uint64_t sides) { return random_.between(0, sides - 1); }

  void start(DeviceId device) {
    desk_.connect(device);
    desk_.host.peers[device].watched = device != kConsumersTo;  // one is never ended
    mood_[device] = Mood::well;
    rewire();
  }
  void restart(DeviceId device) {
    if (device >= kConsumersFrom) leases_.erase(device);
    desk_.kill(device);
    std::erase_if(desk_.host.closed, [&](const auto& each) { return each.first == device; });
    start(device);
  }
  void rewire() {
    for (const PortRef source : {kHealth, kFlood}) {
      std::vector<BufferConsumer> consumers;
      for (DeviceId each = kConsumersFrom; each <= kConsumersTo; ++each)
        if (roll(4) != 0) consumers.push_back({{each, 1}, 4, false});
      desk_.feed(source, std::move(consumers));
    }
  }
  void resize() { (void)desk_.try_open(kHealth, (1 + roll(3)) * kSlot, 3); }

  void show() {
    auto& stock = desk_.host.slots[kHealth];
    if (stock.empty()) return;
    desk_.publish(kHealth, desk_.borrow(kHealth));
  }

  // What devices do of themselves: map, close, take, release; those that stand still nothing.
  void answer() {
    for (const PoolStats& pool : desk_.memory.stats())
      if (pool.state == PoolState::opening && (pool.source == kHealth || roll(2) == 0))
        desk_.map(pool.source.device, pool.pool);
    const auto asked = std::exchange(desk_.host.closed, {});
    for (const auto& [device, pool] : asked) {
      if (mood_[device] == Mood::stands_still) {
        desk_.host.closed.emplace_back(device, pool);
        continue;
      }
      // What a producer has of it goes with it.
      for (auto& [port, stock] : desk_.host.slots)
        if (port.device == device)
          std::erase_if(stock, [&](const auto& ref) { return ref.pool() == pool; });
      REQUIRE(desk_.memory.pool_closed(device, pool, desk_.now_ns));
    }
    for (DeviceId each = kConsumersFrom; each <= kConsumersTo; ++each) {
      if (mood_[each] == Mood::stands_still) continue;
      for (const auto& ref : desk_.take({each, 1})) leases_[each].push_back(ref);
      if (mood_[each] != Mood::well) continue;
      for (const auto& ref : std::exchange(leases_[each], {})) desk_.release({each, 1}, ref);
    }
  }

  void turn() {
    desk_.turn();
    std::set<DeviceId> ended;
    for (const auto& [device, why] : std::exchange(desk_.host.offences, {})) {
      if (!ended.insert(device).second) continue;
      INFO(why);
      REQUIRE(desk_.host.peers[device].watched);
      REQUIRE((mood_[device] == Mood::stands_still || device == kFlooder));
    }
    for (const DeviceId device : ended) restart(device);
  }

  std::uint32_t current() {
    for (const PoolStats& pool : desk_.memory.stats())
      if (pool.source == kHealth && pool.state == PoolState::open) return pool.pool;
    return 0;
  }

  void check() {
    std::map<DeviceId, std::uint64_t> bytes;
    std::map<DeviceId, std::size_t> pools;
    for (const PoolStats& pool : desk_.memory.stats()) {
      if (pool.state == PoolState::draining || pool.state == PoolState::closing) continue;
      bytes[pool.source.device] += pool.bytes;
      ++pools[pool.source.device];
    }
    for (const auto& [device, sum] : bytes) REQUIRE(sum <= 2 * kBudget);
    for (const auto& [device, count] : pools) REQUIRE(count <= kPoolsPerDeviceMax);
    REQUIRE(desk_.memory.totals().bytes <= desk_.memory.totals().bytes_max);
  }

  Random& random_;
  Desk desk_{16 * 1024 * kMiB};
  std::map<DeviceId, Mood> mood_;
  std::map<DeviceId, std::vector<wire::BufferRef>> leases_;
};

}  // namespace

TEST_CASE("Whatever others do, a healthy producer has its pool and nothing is left at the end") {
  Random random;
  INFO(random.again());
  World world(random);
  for (int step = 0; step < 3000; ++step) {
    world.step();
    if (step % 10 == 0) world.require_served();
  }
  world.end();
}
