#pragma once

#include "pipelines/settler.hpp"

#include <cstdint>

namespace dkvm::detail {

// Events from sources into the lanes of their sinks.
class Intake {
 public:
  Intake(std::uint64_t kernel_id, RouterHost& host, BufferAccount& account, RouterTotals& totals,
         const DeviceTable& devices, Refreshes& refreshes, Queues& queues, HeldInput& held,
         Settler& settler)
      : kernel_id_(kernel_id),
        host_(host),
        account_(account),
        totals_(totals),
        devices_(devices),
        refreshes_(refreshes),
        queues_(queues),
        held_(held),
        settler_(settler) {}

  // The contract is Router's.
  void publish(PortRef source, const Frame& frame, std::uint64_t received_ns);

 private:
  void publish_watched(SourcePort& port, const Incoming& event);

  // --- intake.cpp: by policy -----------------------------------------------------
  void admit(Edge& edge, const Incoming& event);
  void admit_any(Edge& edge, const Incoming& event, Policy policy);
  bool admit_chained(Edge& edge, const Incoming& event, Policy policy);
  void supersede(Edge& edge, const Incoming& event, Policy policy);
  void enqueue(Edge& edge, const Incoming& event, Policy policy);
  bool drop_oldest(Edge& edge, const Incoming& event);
  bool make_room(Edge& edge, const Incoming& event, Policy policy);
  bool make_room_by_gap(Edge& edge, const Incoming& event);
  bool fits(const Edge& edge, const Incoming& event);
  bool full(const Edge& edge, const Incoming& event, Policy policy);
  void count_exhausted(Edge& edge, const Incoming& event, Policy policy);

  // --- intake_input.cpp: keys, buttons, touches and motion among them -------------
  void admit_held(Edge& edge, const Incoming& event);
  void admit_down(Edge& edge, const Incoming& event, std::uint16_t code);
  void admit_up(Edge& edge, const Incoming& event, std::uint16_t code);
  void reconcile(SourcePort& port, const Incoming& event);
  void admit_waiting(Edge& edge, const Incoming& event);
  void admit_touch(Edge& edge, const Incoming& event);
  void admit_motion(Edge& edge, const Incoming& event);
  bool merge_motion(Edge& edge, Lane& lane, const Incoming& event, std::uint64_t end);

  const std::uint64_t kernel_id_;
  RouterHost& host_;
  BufferAccount& account_;
  RouterTotals& totals_;
  const DeviceTable& devices_;
  Refreshes& refreshes_;
  Queues& queues_;
  HeldInput& held_;
  Settler& settler_;
  MadePayloads made_;
};

}  // namespace dkvm::detail
