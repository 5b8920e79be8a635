// Opening pools: what may be had, how large it gets, and making it.
#include "kernel/memory_manager/memory_manager.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm {
namespace {

constexpr auto kMappedNs =
    static_cast<std::uint64_t>(std::chrono::nanoseconds(kPoolMappedTimeMax).count());

// A sink that others forward to: its queue is not known here.
constexpr std::size_t kForwardedDepth = 4;

std::uint64_t stride_of(std::uint64_t slot_bytes) {
  return (slot_bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

Result<> check_bytes(std::string_view what, std::uint64_t bytes) {
  if (bytes >= 1 && bytes <= kSlotBytesMax) return {};
  return fail(Errc::invalid,
              fmt::format("'{}' is {}, expected 1 to {} bytes", what, bytes, kSlotBytesMax));
}

Result<> check_peer(const BufferPeer& peer, wire::MemoryKind memory) {
  if (memory == wire::MemoryKind::memfd && !peer.fds)
    return fail(Errc::invalid,
                "the device's hello did not say 'fds', which memory of kind memfd "
                "needs; expected that, or memory: named");
  if (memory == wire::MemoryKind::named && !peer.trusted)
    return fail(Errc::denied,
                "named memory cannot be sealed and is for devices with "
                "'trusted: true' only; expected that, or memory: memfd");
  if (memory == wire::MemoryKind::memfd || memory == wire::MemoryKind::named) return {};
  return fail(Errc::invalid, "this kernel makes no such memory, expected memfd or named");
}

}  // namespace

Result<PoolMade> MemoryManager::open_pool(DeviceId device, const PoolRequest& request,
                                          std::uint64_t now_ns) {
  auto made = try_open({device, request.port}, request, now_ns);
  refused_ += !made;
  return made;
}

Result<PoolMade> MemoryManager::allocate(DeviceId device, std::uint16_t port, std::uint64_t bytes,
                                         std::uint64_t now_ns) {
  auto made = try_allocate({device, port}, bytes, now_ns);
  refused_ += !made;
  return made;
}

Result<PoolMade> MemoryManager::try_open(PortRef source, const PoolRequest& request,
                                         std::uint64_t now_ns) {
  const BufferPeer peer = host_.peer(source.device);
  DKVM_CHECK(check_bytes("slot_bytes", request.slot_bytes));
  if (request.slots < 1 || request.slots > kWriterSlotsMax)
    return fail(Errc::invalid,
                fmt::format("'slots' is {}, expected 1 to {}", request.slots, kWriterSlotsMax));
  DKVM_CHECK(check_peer(peer, request.memory));

  DKVM_CHECK(check_overtaken(source));
  const auto known = ports_.find(source);
  PortBook wish = known == ports_.end() ? PortBook{} : known->second;
  wish.slot_bytes = request.slot_bytes;
  wish.writer = request.slots;
  wish.memory = request.memory;
  DKVM_TRY(const Sizing sizing, fit(source, wish, peer.bytes_max));
  DKVM_TRY(Pool * pool, make_pool({source, wish.memory, sizing.slots, wish.slot_bytes,
                                   stride_of(wish.slot_bytes)},
                                  sizing.writer, false, now_ns));
  if (Pool* overtaken = find(wish.opening); overtaken != nullptr) retire(*overtaken, now_ns);
  wish.opening = pool->id();
  wish.crowded = false;
  ports_[source] = std::move(wish);
  return PoolMade{pool->id(), sizing.slots};
}

Result<PoolMade> MemoryManager::try_allocate(PortRef source, std::uint64_t bytes,
                                             std::uint64_t now_ns) {
  const BufferPeer peer = host_.peer(source.device);
  DKVM_CHECK(check_bytes("bytes", bytes));
  DKVM_CHECK(check_peer(peer, wire::MemoryKind::memfd));
  const std::uint64_t stride = stride_of(bytes);
  if (stride > peer.bytes_max)
    return fail(Errc::invalid,
                fmt::format("'bytes' is {}, expected at most the {} of limits.buffers", bytes,
                            peer.bytes_max));
  const std::uint64_t used = bytes_of(source.device);
  if (used + stride > peer.bytes_max)
    return fail(Errc::exhausted,
                fmt::format("{} bytes beside the {} in use are more than the {} of limits.buffers",
                            stride, used, peer.bytes_max));
  if (stride > bytes_left())
    return fail(Errc::exhausted,
                fmt::format("{} bytes are more than the {} that kernel.buffers leaves", stride,
                            bytes_left()));
  DKVM_TRY(Pool * pool,
           make_pool({source, wire::MemoryKind::memfd, 1, bytes, stride}, 1, true, now_ns));
  return PoolMade{pool->id(), 1};
}

// One that asks again and again, and maps nothing, has two pools and no more.
Result<> MemoryManager::check_overtaken(PortRef source) const {
  for (const auto& [number, pool] : pools_)
    if (pool.source() == source && pool.state == PoolState::retiring && !pool.single_use &&
        !pool.granted)
      return fail(Errc::exhausted,
                  fmt::format("pool {} of port {}, which another took the place of before it was "
                              "in use, is not closed yet (pool_closed)",
                              number, source.port));
  return {};
}

// How large a pool for this port can be: what its device may have beside its
// other pools, and what all devices together leave. The one whose place it takes
// is for free.
Result<Sizing> MemoryManager::fit(PortRef source, const PortBook& port,
                                  std::uint64_t bytes_max) const {
  const auto consumers = consumers_of(source, port);
  const std::uint64_t stride = stride_of(port.slot_bytes);
  std::uint64_t used = bytes_of(source.device);
  const std::uint32_t replaced = port.current != 0 ? port.current : port.opening;
  if (const auto pool = pools_.find(replaced); pool != pools_.end())
    used -= pool->second.books->shape().bytes();
  const std::uint64_t left = bytes_max - std::min(bytes_max, used);
  const auto slots_in = [&](std::uint64_t bytes) {
    return std::min<std::uint64_t>(bytes / stride, kSlotsPerPoolMax);
  };
  const std::uint64_t least = least_slots(consumers).slots;
  if (least > slots_in(left))
    return fail(least > slots_in(bytes_max) ? Errc::invalid : Errc::exhausted,
                fmt::format("{} slots of {} bytes (1 to write, 2 for each of {} consumers) are {} "
                            "bytes, expected at most {} slots and the {} bytes that are left of {} "
                            "(limits.buffers)",
                            least, stride, consumers.size(), least * stride, kSlotsPerPoolMax, left,
                            bytes_max));
  if (auto sizing = fit_slots(port.writer, port.slot_bytes, consumers,
                              slots_in(std::min(left, bytes_left()))))
    return *std::move(sizing);
  return fail(Errc::exhausted, fmt::format("{} slots of {} bytes are more than the {} bytes that "
                                           "kernel.buffers leaves",
                                           least, stride, bytes_left()));
}

Result<MemoryManager::Pool*> MemoryManager::make_pool(const PoolShape& shape, std::uint32_t writer,
                                                      bool single_use, std::uint64_t now_ns) {
  const DeviceId device = shape.source.device;
  std::size_t pools = owed_by(device);
  for (const auto& [other, pool] : pools_) pools += pool.charged_to(device);
  if (pools >= kPoolsPerDeviceMax)
    return fail(Errc::exhausted, fmt::format("the device has {} pools, expected at most {}: some "
                                             "are not closed yet",
                                             pools, kPoolsPerDeviceMax));
  do ++last_pool_;
  while (last_pool_ == 0 || pools_.contains(last_pool_) || owed_.contains(last_pool_));
  const std::uint32_t number = last_pool_;
  DKVM_TRY(auto memory, shape.memory == wire::MemoryKind::named
                            ? make_named(number, shape.bytes(), worker_)
                            : make_memfd(number, shape.bytes(), worker_));
  Pool& pool = pools_[number];
  pool.books = &ledger_.add(number, shape);
  pool.memory = std::move(memory);
  pool.writer = writer;
  pool.single_use = single_use;
  pools_beside_ += single_use;
  set_due(pool, now_ns + kMappedNs);
  host_.send_pool_open(device, detail::pool_open_of(pool, true), pool.memory->writable());
  return &pool;
}

std::vector<BufferConsumer> MemoryManager::consumers_of(PortRef source,
                                                        const PortBook& port) const {
  auto consumers = host_.consumers_of(source);
  const auto fed = consumers.size();
  for (const PortRef sink : port.forwarded)
    if (std::ranges::none_of(consumers.begin(),
                             consumers.begin() + static_cast<std::ptrdiff_t>(fed),
                             [&](const BufferConsumer& each) { return each.sink == sink; }))
      consumers.push_back({sink, kForwardedDepth, false});
  return consumers;
}

std::uint64_t MemoryManager::bytes_of(DeviceId device) const {
  std::uint64_t bytes = 0;
  for (const auto& [number, pool] : pools_)
    if (pool.charged_to(device)) bytes += pool.books->shape().bytes();
  return bytes;
}

std::uint64_t MemoryManager::bytes_left() const {
  std::uint64_t used = 0;
  for (const auto& [number, pool] : pools_) used += pool.books->shape().bytes();
  for (const auto& [number, owed] : owed_)
    if (!pools_.contains(number)) used += owed.bytes;
  return bytes_max_ - std::min(bytes_max_, used);
}

}  // namespace dkvm
