#pragma once

#include "tools/bench/desk/contender.hpp"
#include "tools/bench/harness/report.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace dkvm::bench {

// What one round at a desk gave: latencies, each from the hand (or the brush) to the eye.
struct DeskRound {
  std::vector<double> latencies_us;
  std::uint64_t lost = 0;  // nothing was seen within a second

  void add_to(Row& row);  // p50_us, p99_us, max_us, lost
};

// Goes to the far screen and sees a key arrive there.
// Errors: Errc::timeout when none does within ten seconds.
Result<> go_over(const Contender& contender);

// So many keys, down and up, at irregular times some 100 in a second.
Result<DeskRound> type_keys(const Contender& contender, int keys);
// The mouse at 1 kHz, to the right and back, so many pixels each way.
Result<DeskRound> move_mouse(const Contender& contender, int pixels);
// A mark on the far screen, made light and dark so many times.
// Errors: Errc::timeout when the near screen does not show the first within 15 seconds.
Result<DeskRound> watch_mark(const Contender& contender, int changes);

// How many pictures a second of a page that scrolls the near screen shows, by the flag on
// it. Ends with what `meanwhile`, which scrolls, returns.
Result<double> count_shown(const Contender& contender, const std::function<Result<>()>& meanwhile);

// What each process of a contender takes of one processor, in %, and together; the X
// servers apart.
struct Work {
  std::vector<std::pair<std::string, double>> processes;
  double total = 0;
  double screens = 0;
};
// Ends with what `meanwhile` returns.
Result<Work> measure_work(const Contender& contender, const std::function<Result<>()>& meanwhile);

}  // namespace dkvm::bench
