#pragma once

#include "pipelines/settler.hpp"

#include <cstdint>

namespace dkvm::detail {

// What sinks say: pause and resume, that buffers came back, messages upstream.
class SinkMessages {
 public:
  SinkMessages(std::uint64_t kernel_id, RouterHost& host, RouterTotals& totals,
               const DeviceTable& devices, Refreshes& refreshes, Queues& queues, HeldInput& held,
               Settler& settler)
      : kernel_id_(kernel_id),
        host_(host),
        totals_(totals),
        devices_(devices),
        refreshes_(refreshes),
        queues_(queues),
        held_(held),
        settler_(settler) {}

  // The contracts are Router's.
  void pause(PortRef sink);
  void resume(PortRef sink);
  void room_at(PortRef sink, std::uint64_t now_ns);
  Result<> upstream(PortRef sink, const Frame& frame, std::uint64_t now_ns);

  // What the edge's sink said of itself before, to a producer that did not hear it.
  void replay(const Edge& edge, std::uint64_t now_ns);

  // Hears the sinks that let go while events of ours were queued for them.
  void let_go_waiting(Device& device, std::uint64_t now_ns);

 private:
  void remember(SinkPort& port, const Frame& message);
  void send(const SourcePort& source, const PortRef& sink, const Frame& message,
            std::uint64_t now_ns);
  void drop_taps(Lane& lane);
  void sink_let_go(SinkPort& port, const Frame& frame, std::uint64_t now_ns);
  void let_go(SinkPort& port, std::uint64_t now_ns);

  const std::uint64_t kernel_id_;
  RouterHost& host_;
  RouterTotals& totals_;
  const DeviceTable& devices_;
  Refreshes& refreshes_;
  Queues& queues_;
  HeldInput& held_;
  Settler& settler_;
};

}  // namespace dkvm::detail
