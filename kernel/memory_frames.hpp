#pragma once

#include "kernel/memory_manager/memory_host.hpp"
#include "kernel/session/sessions.hpp"
#include "pipelines/router.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dkvm {

// What the configuration allows a device with shared buffers.
struct BufferRights {
  bool trusted = false;         // may have and read named pools
  std::uint64_t bytes_max = 0;  // of its pools together
  bool watched = true;          // its deadlines hold: `health` is not off
};

// Carries what the memory manager says to the devices and to the router.
// Life: loop thread only.
class MemoryFrames final : public MemoryHost {
 public:
  using Offend = std::function<void(DeviceId device, std::string why)>;
  using Warn = std::function<void(PortRef source, std::string_view why)>;

  // Sessions and router outlive it; they are not used before it is.
  MemoryFrames(Sessions& sessions, Router& router, Offend offend, Warn warn)
      : sessions_(sessions), router_(router), offend_(std::move(offend)), warn_(std::move(warn)) {}

  void set_rights(DeviceId device, BufferRights rights) { rights_[device] = rights; }
  void forget(DeviceId device) { rights_.erase(device); }

  // Tells the router where there is room again. At the end of a turn.
  void tell_room(std::uint64_t now_ns);
  bool has_room_to_tell() const { return !room_.empty(); }

  // MemoryHost
  void send_pool_open(DeviceId device, const wire::PoolOpenT& open,
                      std::shared_ptr<const UniqueFd> fd) override;
  void send_pool_close(DeviceId device, std::uint32_t pool) override;
  void send_slots(PortRef source, std::span<const wire::BufferRef> slots) override;
  void room_at(PortRef sink) override { room_.push_back(sink); }
  void memory_offence(DeviceId device, std::string why) override {
    offend_(device, std::move(why));
  }
  void memory_short(PortRef source, std::string why) override { warn_(source, why); }
  std::vector<BufferConsumer> consumers_of(PortRef source) override {
    return router_.consumers_of(source);
  }
  BufferPeer peer(DeviceId device) override;

 private:
  Sessions& sessions_;
  Router& router_;
  Offend offend_;
  Warn warn_;
  std::unordered_map<DeviceId, BufferRights> rights_;
  std::vector<PortRef> room_;
  std::vector<PortRef> told_;  // empty but for tell_room()
};

}  // namespace dkvm
