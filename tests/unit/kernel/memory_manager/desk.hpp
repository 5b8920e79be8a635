#pragma once

#include "kernel/memory_manager/memory_manager.hpp"
#include "tests/unit/kernel/memory_manager/books.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::test {

// Devices as the memory manager sees them: what it sent them, in order.
class FakeMemoryHost final : public MemoryHost {
 public:
  struct Opened {
    DeviceId device;
    wire::PoolOpenT open;
    std::shared_ptr<const UniqueFd> fd;
  };

  void send_pool_open(DeviceId device, const wire::PoolOpenT& open,
                      std::shared_ptr<const UniqueFd> fd) override {
    opened.push_back({device, open, std::move(fd)});
  }
  void send_pool_close(DeviceId device, std::uint32_t pool) override {
    closed.emplace_back(device, pool);
  }
  void send_slots(PortRef source, std::span<const wire::BufferRef> refs) override {
    auto& stock = slots[source];
    stock.insert(stock.end(), refs.begin(), refs.end());
  }
  void room_at(PortRef sink) override { roomy.push_back(sink); }
  void memory_offence(DeviceId device, std::string why) override {
    offences.emplace_back(device, std::move(why));
  }
  void memory_short(PortRef source, std::string why) override {
    shortages.emplace_back(source, std::move(why));
  }
  std::vector<BufferConsumer> consumers_of(PortRef source) override { return feeds[source]; }
  BufferPeer peer(DeviceId device) override { return peers[device]; }

  bool was_closed(DeviceId device, std::uint32_t pool) const {
    return std::ranges::find(closed, std::pair{device, pool}) != closed.end();
  }
  // The last pool_open of a pool to a device; null: none.
  const Opened* open_of(DeviceId device, std::uint32_t pool) const {
    const auto found = std::find_if(opened.rbegin(), opened.rend(), [&](const Opened& each) {
      return each.device == device && each.open.pool == pool;
    });
    return found == opened.rend() ? nullptr : &*found;
  }

  std::deque<Opened> opened;  // open_of() points into it
  std::vector<std::pair<DeviceId, std::uint32_t>> closed;
  std::map<PortRef, std::vector<wire::BufferRef>> slots;  // in the hands of producers
  std::vector<PortRef> roomy;
  std::vector<std::pair<DeviceId, std::string>> offences;
  std::vector<std::pair<PortRef, std::string>> shortages;
  std::map<PortRef, std::vector<BufferConsumer>> feeds;
  std::map<DeviceId, BufferPeer> peers;
};

inline constexpr std::uint64_t kPage = 4096, kMiB = 1024 * 1024;
inline constexpr PortRef kScreen{1, 1}, kSecond{1, 2}, kViewer{2, 1}, kRecorder{3, 1};
inline constexpr std::uint64_t kSecondNs = 1'000'000'000;

// One producer with two ports, two consumers, and a router that is as simple as
// can be: what is published waits for each sink until it is taken.
class Desk {
 public:
  explicit Desk(std::uint64_t bytes_max = 1024 * kMiB) : memory(host, worker, bytes_max) {
    for (DeviceId device = 1; device <= 3; ++device) connect(device);
  }

  void connect(DeviceId device) { host.peers[device] = {true, true, false, 64 * kMiB, true}; }
  void feed(PortRef source, std::vector<BufferConsumer> consumers) {
    host.feeds[source] = std::move(consumers);
    memory.feeds_changed(source, now_ns);
  }

  Result<PoolMade> try_open(PortRef source = kScreen, std::uint64_t slot_bytes = 64 * kPage,
                            std::uint32_t slots = 3) {
    return memory.open_pool(source.device, {source.port, slot_bytes, slots}, now_ns);
  }
  // Opened and mapped.
  std::uint32_t open(PortRef source = kScreen, std::uint64_t slot_bytes = 64 * kPage,
                     std::uint32_t slots = 3) {
    const auto made = try_open(source, slot_bytes, slots);
    REQUIRE(made);
    map(source.device, made->pool);
    return made->pool;
  }
  void map(DeviceId device, std::uint32_t pool) {
    REQUIRE(memory.pool_mapped(device, pool, now_ns));
  }

  wire::BufferRef borrow(PortRef source = kScreen) {
    auto& stock = host.slots[source];
    REQUIRE_FALSE(stock.empty());
    const auto ref = stock.front();
    stock.erase(stock.begin());
    return ref;
  }
  // To every sink that has room; these are returned.
  std::vector<PortRef> publish(PortRef source, const wire::BufferRef& ref, bool block = false) {
    REQUIRE(memory.publish(source, Refs{ref}));
    std::vector<PortRef> reached;
    auto sinks = host.feeds[source];
    for (const BufferConsumer& consumer : sinks) {
      if (!block && !memory.room(consumer.sink, Refs{ref})) continue;
      memory.hold(consumer.sink, Refs{ref});
      queued.emplace_back(consumer.sink, ref);
      reached.push_back(consumer.sink);
    }
    memory.published(Refs{ref}, now_ns);
    return reached;
  }
  wire::BufferRef publish_one(PortRef source = kScreen, bool block = false) {
    const auto ref = borrow(source);
    publish(source, ref, block);
    return ref;
  }
  // The sink takes what is queued for it, as far as its share goes.
  std::vector<wire::BufferRef> take(PortRef sink) {
    std::vector<wire::BufferRef> taken;
    for (auto entry = queued.begin(); entry != queued.end();) {
      if (entry->first != sink) {
        ++entry;
        continue;
      }
      if (!memory.lease(sink, Refs{entry->second})) break;
      taken.push_back(entry->second);
      entry = queued.erase(entry);
    }
    return taken;
  }
  void release(PortRef sink, const wire::BufferRef& ref) {
    REQUIRE(memory.released(sink, Refs{ref}, now_ns));
  }
  // As the router does when a device is gone.
  void drop_queue(DeviceId device) {
    std::erase_if(queued, [&](const auto& entry) {
      if (entry.first.device != device) return false;
      memory.drop(entry.first, Refs{entry.second});
      return true;
    });
  }
  void kill(DeviceId device) {
    host.peers[device].connected = false;
    drop_queue(device);
    memory.device_gone(device, now_ns);
    std::erase_if(host.slots, [&](const auto& stock) { return stock.first.device == device; });
    turn();
  }
  void turn() {
    memory.tick(now_ns);
    memory.judge(now_ns);
  }

  PoolStats stats(std::uint32_t pool) {
    for (const PoolStats& each : memory.stats())
      if (each.pool == pool) return each;
    FAIL("there is no pool " << pool);
    return {};
  }
  bool is_there(std::uint32_t pool) {
    const auto all = memory.stats();
    return std::ranges::find(all, pool, &PoolStats::pool) != all.end();
  }
  SinkStats sink(std::uint32_t pool, PortRef port) {
    for (const SinkStats& each : stats(pool).sinks)
      if (each.sink == port) return each;
    return {port, {0, 0}, 0, 0};
  }

  Worker worker;  // outlives the descriptors that the host keeps
  FakeMemoryHost host;
  std::uint64_t now_ns = 1000 * kSecondNs;
  MemoryManager memory;
  std::vector<std::pair<PortRef, wire::BufferRef>> queued;
};

}  // namespace dkvm::test
