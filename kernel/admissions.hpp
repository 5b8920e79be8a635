#pragma once

#include "pipelines/port.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dkvm {

// Devices that have said hello and are not let in yet. A source is let in when
// the sinks that it feeds are, so that nothing it sends at its start is lost;
// but it never waits longer than kSinksTimeMaxNs, nor for a sink that will not
// come. Pure.
// Source: docs/adr/0006-sources-are-let-in-last.md
class Admissions {
 public:
  static constexpr std::uint64_t kSinksTimeMaxNs = 2'000'000'000;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // Who feeds whom.
  using Feeds = std::unordered_map<DeviceId, std::vector<DeviceId>>;
  void set_feeds(Feeds feeds) { feeds_ = std::move(feeds); }

  void wait(DeviceId device, std::uint64_t now_ns) { waiting_.emplace_back(device, now_ns); }
  void forget(DeviceId device) {
    std::erase_if(waiting_, [device](const auto& each) { return each.first == device; });
  }

  // Lets in whoever may come: starting(sink) says that a sink is on its way.
  // Returns when the next one has waited long enough, or kNever.
  template <class Starting, class LetIn>
  std::uint64_t admit(std::uint64_t now_ns, Starting starting, LetIn let_in) {
    std::uint64_t due_ns = kNever;
    for (std::size_t i = 0; i < waiting_.size();) {
      const auto [device, since_ns] = waiting_[i];
      if (now_ns < since_ns + kSinksTimeMaxNs && waits_for_sinks(device, starting)) {
        due_ns = std::min(due_ns, since_ns + kSinksTimeMaxNs);
        ++i;
        continue;
      }
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      if (!let_in(device)) continue;
      i = 0;  // this may make room for those that feed it
      due_ns = kNever;
    }
    return due_ns;
  }

 private:
  template <class Starting>
  bool waits_for_sinks(DeviceId source, Starting starting) const {
    const auto sinks = feeds_.find(source);
    return sinks != feeds_.end() &&
           std::any_of(sinks->second.begin(), sinks->second.end(), starting);
  }

  Feeds feeds_;
  std::vector<std::pair<DeviceId, std::uint64_t>> waiting_;  // since when
};

}  // namespace dkvm
