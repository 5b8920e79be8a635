#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/format.hpp"

#include <fmt/format.h>

#include <sys/timex.h>

#include <cmath>
#include <ctime>

namespace dkvm::ctl {
namespace {

constexpr const char* kArea = "clocks";
constexpr double kOffsetErrorUsMax = 5000;  // beyond it latencies over a link say little

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void check_wall_clock(Findings& findings) {
  timex state{};
  const int told = ::adjtimex(&state);
  if (told >= 0 && (state.status & STA_UNSYNC) == 0)
    return findings.fine(kArea, "the date is kept by the network");
  findings.warn(kArea, "nothing keeps the date right: times of logs of two machines do not compare",
                "sudo timedatectl set-ntp true");
}

void check_suspends(Findings& findings) {
  const double slept = seconds_of(CLOCK_BOOTTIME) - seconds_of(CLOCK_MONOTONIC);
  findings.fine(kArea, slept < 1 ? "this machine has not slept since it was started"
                                 : fmt::format("this machine has slept for {} since it was started",
                                               duration_text(slept)));
}

void check_peer(const Json& link, Findings& findings) {
  if (!field(link, "offset_us").is_number()) return;
  const double offset = number_of(link, "offset_us");
  const double error = number_of(link, "offset_error_us");
  const std::string peer = text_of(link, "peer");
  const std::string what =
      fmt::format("the clock of {} is {} {} this one, ± {}", peer, micros_text(std::abs(offset)),
                  offset < 0 ? "behind" : "ahead of", micros_text(error));
  if (error <= kOffsetErrorUsMax) return findings.fine(kArea, what);
  findings.warn(kArea, what,
                "latencies over this link are that vague: a cable, or a network that is less busy");
}

}  // namespace

void check_clocks(const Patient& patient, Findings& findings) {
  check_wall_clock(findings);
  check_suspends(findings);
  for (const Json& link : patient.links) check_peer(link, findings);
}

}  // namespace dkvm::ctl
