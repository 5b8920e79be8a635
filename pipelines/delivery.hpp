#pragma once

#include "pipelines/sink_messages.hpp"

#include <cstdint>
#include <functional>
#include <span>

namespace dkvm::detail {

// Events from the lanes to their sinks, and what the sinks confirm.
class Delivery {
 public:
  Delivery(std::uint64_t kernel_id, const DeviceTable& devices, Refreshes& refreshes,
           Queues& queues, HeldInput& held, Settler& settler, SinkMessages& messages)
      : kernel_id_(kernel_id),
        devices_(devices),
        refreshes_(refreshes),
        queues_(queues),
        held_(held),
        settler_(settler),
        messages_(messages) {}

  // The contracts are Router's.
  std::size_t take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                   std::uint64_t now_ns);
  void applied(PortRef sink, std::uint64_t sequence, std::uint64_t now_ns);
  void set_tap(std::function<void(EdgeId, const Frame&)> tap) { tap_ = std::move(tap); }

 private:
  struct Batch;
  void take_round(Device& device, Batch& batch);
  bool take_one(Device& device, Lane& lane, Batch& batch);
  bool prepare(Device& device, Lane& lane, Entry& entry, std::uint64_t now_ns);
  void write(Entry& entry, Batch& batch);
  void discard_stale(Lane& lane, Entry& entry, std::uint64_t now_ns);

  const std::uint64_t kernel_id_;
  const DeviceTable& devices_;
  Refreshes& refreshes_;
  Queues& queues_;
  HeldInput& held_;
  Settler& settler_;
  SinkMessages& messages_;
  std::function<void(EdgeId, const Frame&)> tap_;
};

}  // namespace dkvm::detail
