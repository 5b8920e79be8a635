#include "devices/dummy/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace dkvm::dummy {

Result<Schedule> Schedule::parse(std::string_view text) {
  if (text == "recorded") return Schedule(Pace::recorded, 0);
  if (text == "max") return Schedule(Pace::max, 0);
  double rate = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, rate);
  if (error == std::errc{} && stopped == end && rate >= kRateMin && rate <= kRateMax)
    return Schedule(Pace::fixed, rate);
  return fail(Errc::invalid, "config key 'rate': '" + std::string(text) +
                                 "' is not events/s from 0.001 to 10000000, recorded or max");
}

std::uint64_t Schedule::due_ns(std::uint64_t time_ns) const {
  if (pace_ == Pace::recorded) return pass_start_ns_ + time_ns;
  return static_cast<std::uint64_t>(static_cast<double>(events_) * 1e9 / rate_);
}

void Schedule::advance(std::uint64_t time_ns) {
  ++events_;
  ++events_in_pass_;
  last_time_ns_ = std::max(last_time_ns_, time_ns);
}

void Schedule::next_pass() {
  constexpr std::uint64_t kIntervalNsMin = 1'000'000;
  const std::uint64_t intervals = std::max<std::uint64_t>(events_in_pass_, 2) - 1;
  pass_start_ns_ += last_time_ns_ + std::max(last_time_ns_ / intervals, kIntervalNsMin);
  events_in_pass_ = 0;
  last_time_ns_ = 0;
}

}  // namespace dkvm::dummy
