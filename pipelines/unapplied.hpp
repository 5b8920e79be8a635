#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace dkvm::detail {

class Edge;

// What a sink's port was sent and has not confirmed: runs of events of one
// edge and one take(), so that a batch is one run.
// Bounded: beyond kRunsMax the last run absorbs what follows, and a gap may
// then be laid to a neighbouring edge.
class Unapplied {
 public:
  static constexpr std::size_t kRunsMax = 128;

  struct Run {
    Edge* edge;              // null: of an edge that is no more
    std::uint64_t sequence;  // of its last event
    std::uint64_t sent_ns;
    std::uint64_t lossless;    // how many of its events were
    std::uint64_t capture_ns;  // of its first event; 0: not known
  };

  void sent(Edge* edge, std::uint64_t sequence, std::uint64_t sent_ns, bool lossless,
            std::uint64_t capture_ns) {
    const bool same = count_ != 0 && last().edge == edge && last().sent_ns == sent_ns;
    if (!same && count_ < kRunsMax) push({edge, sequence, sent_ns, 0, capture_ns});
    Run& run = last();
    run.sequence = sequence;
    run.lossless += lossless ? 1 : 0;
  }

  // Calls confirm(run) for each run that is done with.
  template <class Confirm>
  void applied(std::uint64_t sequence, Confirm confirm) {
    while (count_ != 0 && at(0).sequence <= sequence) {
      confirm(at(0));
      first_ = (first_ + 1) % room_;
      --count_;
    }
  }

  // Lossless events of this edge that nobody has confirmed.
  std::uint64_t lossless(const Edge* edge) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count_; ++i) sum += at(i).edge == edge ? at(i).lossless : 0;
    return sum;
  }

  bool has(const Edge* edge) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (at(i).edge == edge) return true;
    }
    return false;
  }

  void forget(const Edge* edge) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (at(i).edge == edge) at(i).edge = nullptr;
    }
  }

 private:
  Run& at(std::size_t i) { return runs_[(first_ + i) % room_]; }
  const Run& at(std::size_t i) const { return runs_[(first_ + i) % room_]; }
  Run& last() { return at(count_ - 1); }

  void push(Run run) {
    if (count_ == room_) grow();
    ++count_;
    last() = run;
  }
  void grow() {
    const std::size_t room = room_ == 0 ? 4 : room_ * 2;
    auto runs = std::make_unique<Run[]>(room);
    for (std::size_t i = 0; i < count_; ++i) runs[i] = at(i);
    runs_ = std::move(runs);
    room_ = room;
    first_ = 0;
  }

  std::unique_ptr<Run[]> runs_;
  std::size_t room_ = 0;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace dkvm::detail
