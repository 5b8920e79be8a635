// Pools that devices without a watch over them did not close in time.
#include "kernel/memory_manager/memory_manager.hpp"

#include <algorithm>

namespace dkvm {

// It may have it mapped still, and may say pool_closed whenever it goes on.
void MemoryManager::owe(const Pool& pool, DeviceId device) {
  detail::OwedPool& owed = owed_[pool.id()];
  owed.bytes = pool.books->shape().bytes();
  owed.by.push_back(device);
}

// False: it owes no such pool.
bool MemoryManager::pay(DeviceId device, std::uint32_t number) {
  const auto owed = owed_.find(number);
  if (owed == owed_.end() || std::erase(owed->second.by, device) == 0) return false;
  if (owed->second.by.empty()) owed_.erase(owed);
  debt_paid(device);
  retry_crowded();
  return true;
}

void MemoryManager::forgive(DeviceId device) {
  for (auto& [number, owed] : owed_) std::erase(owed.by, device);
  std::erase_if(owed_, [](const auto& owed) { return owed.second.by.empty(); });
}

// What waits for it was queued without a pool_open, as long as it owed too many.
void MemoryManager::debt_paid(DeviceId device) {
  if (owes_too_many(device)) return;
  for (auto& [number, pool] : pools_)
    for (const PoolBooks::Sink& sink : pool.books->sinks())
      if (sink.port.device == device && sink.held > 0) ensure_reader(pool, sink.port);
  freed({device, 0});
}

std::size_t MemoryManager::owed_by(DeviceId device) const {
  return static_cast<std::size_t>(std::ranges::count_if(owed_, [&](const auto& owed) {
    return std::ranges::find(owed.second.by, device) != owed.second.by.end();
  }));
}

bool MemoryManager::owes_too_many(DeviceId device) const {
  if (pools_beside_ + owed_.size() < kPoolsOwedPerDeviceMax) return false;  // as a rule
  std::size_t owes = owed_by(device);
  for (const auto& [number, pool] : pools_)
    owes += std::ranges::any_of(pool.readers, [&](const detail::PoolReader& reader) {
      return reader.device == device && reader.closing;
    });
  return owes >= kPoolsOwedPerDeviceMax;
}

}  // namespace dkvm
