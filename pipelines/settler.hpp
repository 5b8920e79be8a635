#pragma once

#include "pipelines/held_input.hpp"

#include <cstdint>

namespace dkvm::detail {

enum class Purge : std::uint8_t { nothing, stale, everything };

// Puts a queue right after a loss.
class Settler {
 public:
  Settler(Refreshes& refreshes, Queues& queues, HeldInput& held)
      : refreshes_(refreshes), queues_(queues), held_(held) {}

  // What is purged of `edge` (null: of nobody) goes, what makes no sense without
  // it goes too, and at the end the sink will hold what the ledger says.
  // Costs a walk over the queue and over all codes.
  void settle(SinkPort& port, Edge* edge, Purge purge, std::uint64_t now_ns);

  // More lossless events than the edge's depth: they become what they owe.
  void overflow(Edge& edge, std::uint64_t now_ns);
  // The same of its buffers' lane alone: dropping input would free no buffer.
  void overflow_bulk(Edge& edge, std::uint64_t now_ns);

 private:
  struct Sweep;
  void sweep(Lane& lane, Sweep& sweep);
  bool sweep_key(Entry& entry, Sweep& sweep, bool purged);
  void forget_holds(Edge& edge, Purge purge, const CodeBits& down);
  void even_out(SinkPort& port, const CodeBits& down, std::uint64_t now_ns);

  Refreshes& refreshes_;
  Queues& queues_;
  HeldInput& held_;
};

}  // namespace dkvm::detail
