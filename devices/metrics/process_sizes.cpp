#include "devices/metrics/process_sizes.hpp"

#include "devices/metrics/limits.hpp"

#include <algorithm>
#include <utility>

namespace dkvm::metrics {

void ProcessSizes::look(const std::vector<int>& pids, std::uint64_t now_ns) {
  constexpr auto kAgeMaxNs = std::uint64_t{std::chrono::nanoseconds(kSizeAgeMax).count()};
  std::map<int, Seen> kept;
  std::vector<std::pair<std::uint64_t, int>> due;  // when they were seen, oldest first
  for (const int pid : pids) {
    if (pid <= 0 || kept.contains(pid)) continue;
    const auto known = seen_.find(pid);
    const Seen seen = known == seen_.end() ? Seen{} : known->second;
    kept[pid] = seen;
    if (seen.at_ns == 0 || now_ns - seen.at_ns >= kAgeMaxNs) due.emplace_back(seen.at_ns, pid);
  }
  seen_ = std::move(kept);
  std::sort(due.begin(), due.end());
  due.resize(std::min(due.size(), kSizesPerPageMax));
  for (const auto& [at_ns, pid] : due) {
    const auto memory = read_(pid);
    seen_[pid] = {now_ns, memory ? std::optional(memory->pss_bytes) : std::nullopt};
  }
}

std::optional<std::uint64_t> ProcessSizes::proportional_bytes(int pid) const {
  const auto found = seen_.find(pid);
  return found == seen_.end() ? std::nullopt : found->second.bytes;
}

}  // namespace dkvm::metrics
