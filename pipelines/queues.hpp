#pragma once

#include "pipelines/body_pool.hpp"
#include "pipelines/buffer_account.hpp"
#include "pipelines/device_table.hpp"
#include "pipelines/host.hpp"
#include "pipelines/incoming.hpp"
#include "pipelines/refreshes.hpp"

#include <cstdint>
#include <utility>

namespace dkvm::detail {

// Large lanes that nobody used for this long give their memory back.
inline constexpr std::uint64_t kIdleNs = 1'000'000'000;
// `max_age` on links and on sinks that press keys on a real machine.
inline constexpr std::uint64_t kMaxAgeDefaultNs = 1'000'000'000;

// Entries into lanes and out of them, with the sums of their edges and ports
// kept beside: nothing is queued or leaves a queue but through here, so it is
// here that the account of buffers is told.
class Queues {
 public:
  static constexpr std::uint64_t kNever = Refreshes::kNever;

  Queues(RouterHost& host, BufferAccount& account, const DeviceTable& devices, Refreshes& refreshes)
      : host_(host), account_(account), devices_(devices), refreshes_(refreshes) {}
  Queues(const Queues&) = delete;
  Queues& operator=(const Queues&) = delete;
  ~Queues();

  // --- in ----------------------------------------------------------------------

  // Where the event is to queue: buffers apart from input, and behind them what
  // is of the same topic.
  Lane& lane_for(Edge& edge, const wire::FrameHeader& header);

  // A private copy at the end of the lane, not part of the queue before commit().
  Entry& push(Lane& lane, const Incoming& event, Policy policy);
  // The same, sent through the stages; null when one of them refuses it.
  Entry* stage(Edge& edge, Lane& lane, const Incoming& event, Policy policy);
  // Undoes the latest of either.
  void take_back(Lane& lane, Entry& entry);
  void commit(Edge& edge, Lane& lane, Entry& entry);

  // What the stages would make of it: the code of a key or button, 0 when they
  // refuse it.
  std::uint16_t staged_code(const Edge& edge, const Frame& frame);
  bool refused(const Edge& edge, const Frame& frame) {
    return edge.stages && staged_code(edge, frame) == 0;
  }

  // --- out -----------------------------------------------------------------------

  // Gives the sink the entry's buffers. False when it holds all it may: its bulk
  // lane waits then, until feed().
  bool lease(const Entry& entry);
  // It was written for the sink, which has its buffers.
  void finish(Lane& lane, Entry& entry, std::uint64_t now_ns);
  void drop(Lane& lane, Entry& entry, Drop reason);
  // The first of its chain in the lane was dropped: what is useless without it goes too.
  void drop_deltas(Edge& edge, Lane& lane, TopicId topic);
  // It stays, but as the router's own: the release that a purge owes.
  void adopt(Entry& entry, Drop reason);
  void report_gap(Edge& edge, std::uint64_t lost, Drop reason);

  // The sink may be given buffers again.
  void feed(SinkPort& port);

  bool is_stale(const Entry& entry, std::uint64_t now_ns) const;
  bool any_for(const Device& device) const;
  void wake(SinkPort& port);
  // Policy `block`: whether this edge keeps its source paused.
  void block(Edge& edge, bool blocking);

  // A retired edge may have nothing left to do.
  void edge_over() { edge_over_ = true; }
  bool take_edge_over() { return std::exchange(edge_over_, false); }

  std::uint64_t due_ns() const { return shrink_due_ns_; }
  void tick(std::uint64_t now_ns);

  BodyPool& bodies() { return bodies_; }

 private:
  void drop_buffers(Lane& lane, Entry& entry);
  void uncount(Entry& entry);

  RouterHost& host_;
  BufferAccount& account_;
  const DeviceTable& devices_;
  Refreshes& refreshes_;
  BodyPool bodies_;
  bool edge_over_ = false;
  std::uint64_t shrink_due_ns_ = kNever;
};

}  // namespace dkvm::detail
