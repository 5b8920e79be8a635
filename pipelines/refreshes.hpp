#pragma once

#include "pipelines/device_table.hpp"
#include "pipelines/host.hpp"
#include "pipelines/made.hpp"

#include <cstdint>

namespace dkvm::detail {

// Requests for whole frames and for states, on their way to producers: when an
// edge needs one, and when it may be sent.
class Refreshes {
 public:
  static constexpr std::uint64_t kNever = RefreshLimiter::kNever;

  Refreshes(std::uint64_t kernel_id, RouterHost& host, const DeviceTable& devices)
      : kernel_id_(kernel_id), host_(host), devices_(devices) {}

  // Asks for `what` and for all that was wanted before, once nothing stale is
  // queued in front of the answer and there may be room for it.
  void want(Edge& edge, RefreshBits what, std::uint64_t now_ns);
  // The sink may be given buffers again.
  void room(Edge& edge, std::uint64_t now_ns);
  // A predecessor was dropped: nothing of that chain passes until a whole one does.
  void break_chain(Edge& edge, TopicId topic, std::uint64_t now_ns);
  // A consumer begins with a whole frame, and knows modes, cursor and locks.
  void join(Edge& edge, std::uint64_t now_ns);
  // What was requested of this producer, as far as its limit goes.
  void send(SourcePort& port, std::uint64_t now_ns);

  std::uint64_t due_ns() const { return due_ns_; }
  void tick(std::uint64_t now_ns);

 private:
  const std::uint64_t kernel_id_;
  RouterHost& host_;
  const DeviceTable& devices_;
  MadePayloads made_;
  std::uint64_t due_ns_ = kNever;
};

}  // namespace dkvm::detail
