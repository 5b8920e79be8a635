#pragma once

#include "tools/bench/harness/report.hpp"

#include <dkvm/result.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace dkvm::bench {

struct Options {
  double scale = 1;  // of the number of rounds: less is quicker and noisier
  std::function<void(std::string_view)> progress;
};

// How many rounds to run, at least one.
inline int rounds_of(int wanted, const Options& options) {
  const int rounds = static_cast<int>(wanted * options.scale + 0.5);
  return rounds < 1 ? 1 : rounds;
}

// How long a round is: shorter only where not even one round is wanted whole.
inline std::chrono::milliseconds length_of(std::chrono::milliseconds whole, int rounds,
                                           const Options& options) {
  constexpr std::chrono::milliseconds kShortest{20};
  const double share = std::min(1.0, rounds * options.scale);
  const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(whole * share);
  return std::max(length, kShortest);
}

// The scenarios; a minute at most each with the default options, but the last four.
Result<Report> run_relay(const Options& options);
Result<Report> run_fairness(const Options& options);
Result<Report> run_scale(const Options& options);
Result<Report> run_mouse8k(const Options& options);
Result<Report> run_restart(const Options& options);
Result<Report> run_operate(const Options& options);
// Five minutes each.
Result<Report> run_link_scenario(const Options& options);
Result<Report> run_frames_scenario(const Options& options);
// Two screens of X servers each; three minutes and one.
Result<Report> run_desk(const Options& options);
Result<Report> run_slo(const Options& options);

}  // namespace dkvm::bench
