#pragma once

#include "pipelines/stats.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace dkvm {

// Says which events were lost where, without flooding the log when a sink never
// keeps up: the first gap of an edge at once, those that follow summed up once
// a second, until a second passes without one.
// Limit: one entry for each edge and reason that has lost something lately.
class GapLog {
 public:
  static constexpr std::uint64_t kPeriodNs = 1'000'000'000;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // `sum`: the gap, or several of one edge as one; `gaps`: how many they were.
  using Write = std::function<void(const Gap& sum, std::uint64_t gaps)>;

  explicit GapLog(Write write) : write_(std::move(write)) {}

  void add(const Gap& gap, std::uint64_t now_ns) {
    const auto [entry, is_new] = entries_.try_emplace(
        {gap.pipeline, gap.source, gap.sink, gap.reason}, Entry{0, 0, now_ns + kPeriodNs});
    if (is_new) return write_(gap, 1);
    entry->second.lost += gap.lost;
    ++entry->second.gaps;
  }

  void tick(std::uint64_t now_ns) {
    for (auto each = entries_.begin(); each != entries_.end();) {
      auto& [key, entry] = *each;
      if (entry.due_ns > now_ns) {
        ++each;
      } else if (entry.gaps == 0) {
        each = entries_.erase(each);
      } else {
        write(key, entry);
        entry = {0, 0, now_ns + kPeriodNs};
        ++each;
      }
    }
  }

  // When tick() is due.
  std::uint64_t deadline() const {
    std::uint64_t next = kNever;
    for (const auto& [key, entry] : entries_) next = std::min(next, entry.due_ns);
    return next;
  }

  // Says all that is left to say.
  void finish() {
    for (const auto& [key, entry] : entries_)
      if (entry.gaps != 0) write(key, entry);
    entries_.clear();
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string, Drop>;
  struct Entry {
    std::uint64_t lost = 0;  // not yet said
    std::uint64_t gaps = 0;
    std::uint64_t due_ns = 0;
  };

  void write(const Key& key, const Entry& entry) const {
    const auto& [pipeline, source, sink, reason] = key;
    write_({pipeline, source, sink, entry.lost, reason}, entry.gaps);
  }

  Write write_;
  std::map<Key, Entry> entries_;
};

}  // namespace dkvm
