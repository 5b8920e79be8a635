#pragma once

#include "pipelines/queues.hpp"

#include <cstdint>
#include <vector>

namespace dkvm::detail {

// The steps of the held-input ledger, and the events that follow from them:
// who holds what through which edge, and what the router itself presses,
// releases and cancels for them.
class HeldInput {
 public:
  HeldInput(std::uint64_t kernel_id, RouterHost& host, DeviceTable& devices, Queues& queues)
      : kernel_id_(kernel_id), host_(host), devices_(devices), queues_(queues) {}

  // As SinkHolds::press() and lift(), also for an edge without a sink. At a link's sink
  // a code is up when the last source of this kernel has lifted it, also while links
  // hold it there: in a ring of kernels each could wait for the one before.
  Press press(Edge& edge, std::uint16_t input, std::uint16_t output, TopicId topic);
  Lift lift(Edge& edge, std::uint16_t input, std::uint16_t& output);

  // An edge that begins while modifiers are down at its source holds them, but for those
  // that are withheld from it.
  void press_modifiers(Edge& edge, std::uint64_t now_ns, const CodeBits& withheld = {});
  // Presses a code that is down at the source, if it is a modifier to the sink.
  void press_modifier(Edge& edge, std::uint16_t code, std::uint64_t now_ns);

  // Everything that the edge holds, touches too.
  void release(Edge& edge, std::uint64_t now_ns);
  void release_one(Edge& edge, std::uint16_t input, std::uint64_t now_ns);
  // purged: what was queued of them is gone, only what the sink has needs it.
  void cancel_touches(Edge& edge, bool purged, std::uint64_t now_ns);

  // Queues an up or down of the router's own; there is always room for it.
  void make_held(Edge& edge, SinkPort& port, std::uint16_t code, bool down, std::uint64_t now_ns);

  // The pointer comes in where this says.
  void make_motion(Edge& edge, const PointerMotion& motion, std::uint64_t now_ns);

  // Every code that may be down at this sink: down, or its up not yet applied.
  std::vector<std::uint16_t> codes_to_release(DeviceId sink) const;

  // One part of a device's account has changed; the host hears of the first
  // thing held and of the last.
  void track(Device& device, std::size_t& part, std::size_t before, std::size_t after);

 private:
  Lift lift_here(Edge& edge, std::uint16_t input, std::uint16_t& output);
  static bool held_by_links_alone(const Edge& lifted, std::uint16_t output);
  Entry& make(SinkPort& port, TopicId topic, Bytes payload, std::uint64_t now_ns);

  const std::uint64_t kernel_id_;
  RouterHost& host_;
  DeviceTable& devices_;
  Queues& queues_;
  MadePayloads made_;
};

}  // namespace dkvm::detail
