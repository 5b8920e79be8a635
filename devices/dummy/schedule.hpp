#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <string_view>

namespace dkvm::dummy {

// When each event of a file is due, over any number of passes. Computed from
// the start, never from the last event, so that nothing adds up.
class Schedule {
 public:
  // text: `recorded`, `max` or events/s from kRateMin to kRateMax.
  // Errors: Errc::invalid.
  static Result<Schedule> parse(std::string_view text);

  static constexpr double kRateMin = 0.001;
  static constexpr double kRateMax = 10'000'000;

  // Events are due as fast as they are taken; due_ns() has no meaning then.
  bool unpaced() const { return pace_ == Pace::max; }

  // When the next event is due, in ns since the start; time_ns is its time in
  // the file.
  std::uint64_t due_ns(std::uint64_t time_ns) const;

  // The next event was sent.
  void advance(std::uint64_t time_ns);

  // The file ends here and begins again: at its own pace, one mean interval
  // (at least 1 ms) after its last event.
  void next_pass();

  std::uint64_t events_in_pass() const { return events_in_pass_; }
  std::uint64_t last_time_ns() const { return last_time_ns_; }

 private:
  enum class Pace : std::uint8_t { recorded, fixed, max };

  Schedule(Pace pace, double rate) : pace_(pace), rate_(rate) {}

  Pace pace_;
  double rate_;  // events/s
  std::uint64_t events_ = 0;
  std::uint64_t events_in_pass_ = 0;
  std::uint64_t last_time_ns_ = 0;  // latest of this pass
  std::uint64_t pass_start_ns_ = 0;
};

}  // namespace dkvm::dummy
