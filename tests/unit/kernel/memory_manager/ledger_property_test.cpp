// The ledger against a model that is written without regard to speed: lists of
// who holds what, and rules read off docs/protocol.md.
#include "kernel/memory_manager/ledger.hpp"

#include "tests/support/seed.hpp"
#include "tests/unit/kernel/memory_manager/books.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>

using namespace dkvm;
using test::Refs;

namespace {

constexpr std::uint64_t kSlot = 1000, kStride = 4096;
const std::vector<PortRef> kSources = {{1, 1}, {1, 2}, {2, 1}, {3, 1}};
const std::vector<PortRef> kSinks = {{3, 5}, {4, 1}, {4, 2}, {5, 1}, {6, 1}};

using Ref = wire::BufferRef;
using Event = std::vector<Ref>;

struct ModelSlot {
  enum { free, writing, published } state = free;
  std::uint32_t generation = 0;
  std::vector<PortRef> queued, leased;  // one entry each time
};

struct ModelPool {
  PortRef source;
  bool orphan = false;
  std::vector<ModelSlot> slots;
  std::map<PortRef, Share> shares;

  Share share(PortRef sink) const {
    const auto found = shares.find(sink);
    return found == shares.end() ? kGuestShare : found->second;
  }
  std::size_t count(PortRef sink, std::vector<PortRef> ModelSlot::*list) const {
    std::size_t all = 0;
    for (const ModelSlot& slot : slots)
      all += static_cast<std::size_t>(std::ranges::count(slot.*list, sink));
    return all;
  }
  void free_unused() {
    for (ModelSlot& slot : slots)
      if (slot.state == ModelSlot::published && slot.queued.empty() && slot.leased.empty())
        slot.state = ModelSlot::free;
  }
};

class Play {
 public:
  explicit Play(std::uint32_t seed) : random_(seed) {
    for (const PortRef source : kSources) add_pool(source);
  }

  void step() {
    switch (below(16)) {
      case 0:
      case 1:
      case 2: return grant();
      case 3:
      case 4:
      case 5: return publish();
      case 6: return publish_wrong();
      case 7:
      case 8:
      case 9: return take();
      case 10: return drop();
      case 11:
      case 12: return release();
      case 13: return release_wrong();
      case 14: return below(8) == 0 ? change_share() : forward();
      default: return below(20) == 0 ? die() : release();
    }
  }

  void compare() {
    for (auto& [number, pool] : pools_) {
      const PoolBooks& books = *ledger_.find(number);
      books.audit();
      for (std::uint32_t i = 0; i < pool.slots.size(); ++i) {
        const auto& real = books.slot(i);
        const ModelSlot& slot = pool.slots[i];
        REQUIRE(static_cast<int>(real.state) == static_cast<int>(slot.state));
        REQUIRE(real.generation == slot.generation);
        REQUIRE(real.holds == slot.queued.size());
        REQUIRE(real.leases == slot.leased.size());
      }
    }
    REQUIRE(ledger_.size() == pools_.size());
  }

  // Everybody goes: nothing may be left.
  void end() {
    for (const PortRef sink : kSinks) lose_sink(sink, false);
    for (auto& [number, pool] : pools_) lose_producer(number);
    compare();
    for (auto& [number, pool] : pools_) REQUIRE(ledger_.find(number)->drained());
  }

 private:
  struct Queued {
    PortRef sink;
    Event event;
  };

  std::size_t below(std::size_t bound) { return random_() % bound; }
  template <class List>
  auto& any(List& list) {
    return list[below(list.size())];
  }
  ModelSlot& at(const Ref& ref) { return pools_.at(ref.pool()).slots[ref.slot()]; }

  void add_pool(PortRef source) {
    const auto slots = static_cast<std::uint32_t>(1 + below(6));
    ledger_.add(++last_, {source, wire::MemoryKind::memfd, slots, kSlot, kStride});
    pools_[last_] = {source, false, std::vector<ModelSlot>(slots), {}};
  }

  std::uint32_t any_pool() {
    return std::next(pools_.begin(), static_cast<long>(below(pools_.size())))->first;
  }

  Ref ref_to(std::uint32_t pool, std::uint32_t slot) {
    return {pool, slot, pools_[pool].slots[slot].generation, 0, 0, slot * kStride, kSlot};
  }

  void grant() {
    const std::uint32_t number = any_pool();
    ModelPool& pool = pools_[number];
    const auto unused = std::ranges::count(pool.slots, ModelSlot::free, &ModelSlot::state);
    REQUIRE(ledger_.find(number)->free() == static_cast<std::uint32_t>(unused));
    if (unused == 0 || pool.orphan) return;
    const Ref ref = ledger_.find(number)->grant();
    ModelSlot& slot = at(ref);
    REQUIRE(slot.state == ModelSlot::free);
    REQUIRE(ref.generation() == slot.generation + 1);
    slot.state = ModelSlot::writing;
    slot.generation = ref.generation();
  }

  // Buffers that the port may publish, each once.
  Event offer(PortRef from) {
    Event event;
    for (auto& [number, pool] : pools_)
      for (std::uint32_t i = 0; i < pool.slots.size(); ++i) {
        const ModelSlot& slot = pool.slots[i];
        const bool own = slot.state == ModelSlot::writing && pool.source == from;
        const bool held = std::ranges::any_of(
            slot.leased, [&](PortRef sink) { return sink.device == from.device; });
        if ((own || held) && event.size() < kBuffersPerFrameMax && below(2) == 0)
          event.push_back(ref_to(number, i));
      }
    return event;
  }

  void publish() { publish_from(any(kSources)); }
  void forward() { publish_from({any(kSinks).device, 9}); }

  void publish_from(PortRef from) {
    const Event event = offer(from);
    if (event.empty()) return;
    REQUIRE(ledger_.publish(from, Refs(event)));
    for (const Ref& ref : event) at(ref).state = ModelSlot::published;
    for (const PortRef sink : kSinks) {
      if (below(2) == 0) continue;
      bool room = true;
      for (const Ref& ref : event) room = room && fits(ref, sink, event, true);
      REQUIRE(ledger_.room(sink, Refs(event)) == room);
      if (!room && below(4) != 0) continue;  // `block` does not ask
      ledger_.hold(sink, Refs(event));
      for (const Ref& ref : event) at(ref).queued.push_back(sink);
      queue_.push_back({sink, event});
    }
    ledger_.settle(Refs(event));
    free_unused();
  }

  bool fits(const Ref& ref, PortRef sink, const Event& event, bool to_queue) {
    const ModelPool& pool = pools_.at(ref.pool());
    const auto count = pool.count(sink, to_queue ? &ModelSlot::queued : &ModelSlot::leased);
    const auto more = static_cast<std::size_t>(
        std::ranges::count_if(event, [&](const Ref& other) { return other.pool() == ref.pool(); }));
    const std::size_t most = to_queue ? pool.share(sink).queued : pool.share(sink).leases;
    if (to_queue && most == 0) return false;
    return count == 0 || count + more <= most;
  }

  void publish_wrong() {
    const PortRef from = any(kSources);
    Event event = offer(from);
    if (event.empty()) return;
    Ref& ref = any(event);
    switch (below(6)) {
      case 0: ref.mutate_pool(ref.pool() + 1000); break;
      case 1:
        ref.mutate_generation(ref.generation() + 1 + static_cast<std::uint32_t>(below(9)));
        break;
      case 2: ref.mutate_slot(ref.slot() + 64); break;
      case 3: ref.mutate_length(below(2) == 0 ? 0 : kSlot + 1 + random_()); break;
      case 4: ref.mutate_offset(ref.offset() + kSlot + below(1000)); break;
      default: event.push_back(ref);
    }
    REQUIRE_FALSE(ledger_.publish(from, Refs(event)));
  }

  void take() {
    if (queue_.empty()) return;
    const std::size_t index = below(queue_.size());
    const auto [sink, event] = queue_[index];
    bool may = true;
    for (const Ref& ref : event) may = may && fits(ref, sink, event, false);
    REQUIRE(ledger_.lease(sink, Refs(event)) == may);
    if (!may) return;
    queue_.erase(queue_.begin() + static_cast<long>(index));
    for (const Ref& ref : event) {
      unqueue(ref, sink);
      at(ref).leased.push_back(sink);
      leases_.push_back({sink, {ref}});
    }
  }

  void drop() {
    if (queue_.empty()) return;
    const std::size_t index = below(queue_.size());
    const auto [sink, event] = queue_[index];
    queue_.erase(queue_.begin() + static_cast<long>(index));
    ledger_.drop(sink, Refs(event));
    for (const Ref& ref : event) unqueue(ref, sink);
    free_unused();
  }

  void unqueue(const Ref& ref, PortRef sink) {
    auto& queued = at(ref).queued;
    queued.erase(std::ranges::find(queued, sink));
  }

  void release() {
    if (leases_.empty()) return;
    const std::size_t index = below(leases_.size());
    const auto [sink, event] = leases_[index];
    leases_.erase(leases_.begin() + static_cast<long>(index));
    REQUIRE(ledger_.released(sink, Refs(event)));
    auto& leased = at(event[0]).leased;
    leased.erase(std::ranges::find(leased, sink));
    free_unused();
  }

  void release_wrong() {
    const std::uint32_t number = any_pool();
    const auto slot = static_cast<std::uint32_t>(below(pools_[number].slots.size()));
    Ref ref = ref_to(number, slot);
    const PortRef sink = any(kSinks);
    const auto& leased = at(ref).leased;
    if (std::ranges::find(leased, sink) != leased.end())
      ref.mutate_generation(ref.generation() - 1);
    REQUIRE_FALSE(ledger_.released(sink, Refs{ref}));
  }

  void change_share() {
    const std::uint32_t number = any_pool();
    const PortRef sink = any(kSinks);
    const Share share{static_cast<std::uint32_t>(1 + below(3)),
                      static_cast<std::uint32_t>(below(4))};
    ledger_.find(number)->set_share(sink, share);
    pools_[number].shares[sink] = share;
  }

  void die() {
    if (below(2) == 0) return lose_sink(any(kSinks), below(2) == 0);
    const std::uint32_t number = any_pool();
    const PortRef source = pools_[number].source;
    lose_producer(number);
    add_pool(source);
    for (auto pool = pools_.begin(); pool != pools_.end();) {
      const bool done = pool->second.orphan && ledger_.find(pool->first)->drained();
      if (done) ledger_.remove(pool->first);
      pool = done ? pools_.erase(pool) : std::next(pool);
    }
  }

  // The queue of a sink may be dropped before or after the memory hears of its end.
  void lose_sink(PortRef sink, bool memory_first) {
    const auto forget = [&] {
      for (auto& [number, pool] : pools_) ledger_.find(number)->forget(sink);
    };
    if (memory_first) forget();
    std::erase_if(queue_, [&](const Queued& queued) {
      if (queued.sink != sink) return false;
      ledger_.drop(sink, Refs(queued.event));
      return true;
    });
    if (!memory_first) forget();
    std::erase_if(leases_, [&](const Queued& lease) { return lease.sink == sink; });
    for (auto& [number, pool] : pools_) {
      pool.shares.erase(sink);
      for (ModelSlot& slot : pool.slots) {
        std::erase(slot.queued, sink);
        std::erase(slot.leased, sink);
      }
    }
    free_unused();
  }

  void lose_producer(std::uint32_t number) {
    ledger_.find(number)->end_writing();
    pools_[number].orphan = true;
    for (ModelSlot& slot : pools_[number].slots)
      if (slot.state == ModelSlot::writing) slot.state = ModelSlot::free;
  }

  void free_unused() {
    for (auto& [number, pool] : pools_) pool.free_unused();
  }

  std::mt19937 random_;
  Ledger ledger_;
  std::map<std::uint32_t, ModelPool> pools_;
  std::vector<Queued> queue_, leases_;
  std::uint32_t last_ = 0;
};

// Steps, in thousands.
std::size_t rounds() {
  const char* asked = std::getenv("DKVM_LEDGER_ROUNDS");
  return asked == nullptr ? 2000 : std::strtoul(asked, nullptr, 10);
}

}  // namespace

// DKVM_LEDGER_ROUNDS: how many thousands of operations instead of two thousand.
TEST_CASE("Over millions of random operations the ledger agrees with a simple model") {
  const std::uint32_t seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  Play play(seed);
  for (std::size_t round = 0; round < rounds(); ++round) {
    for (int i = 0; i < 1000; ++i) play.step();
    play.compare();
  }
  play.end();
}
