#pragma once

#include <dkvm/result.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "kernel/device_manager/process.hpp"
#include "kernel/device_manager/reaper.hpp"
#include "kernel/device_manager/spawner.hpp"
#include "kernel/loop/clock.hpp"
#include "kernel/loop/loop.hpp"

namespace dkvm {

inline constexpr Duration kDescribeTimeMax = std::chrono::seconds(2);
inline constexpr std::size_t kDescribeBytesMax = 256 * 1024;
inline constexpr std::size_t kDescribeParallelMax = 32;

// Asks programs what they are: `<program> <args> --describe` prints a manifest
// as JSON, which is not parsed here. The loop goes on meanwhile.
// Limits: kDescribeParallelMax run at a time, the others wait for a place;
//         kDescribeTimeMax each. Nothing of a program's group outlives its answer.
// Life:   loop thread only. Destroying it kills what still runs, and tells nobody.
class Describer {
 public:
  using Answers = std::vector<Result<std::string>>;
  using Done = std::function<void(Answers)>;

  // `loop`, `spawner` and `reaper` must outlive it.
  Describer(Loop& loop, Spawner& spawner, Reaper& reaper, Duration timeout = kDescribeTimeMax);
  ~Describer();
  Describer(const Describer&) = delete;
  Describer& operator=(const Describer&) = delete;

  // Calls back once, with the answers in the order of `programs`; before it
  // returns, where there is nothing to wait for.
  // Errors, of each answer: timeout · invalid (exit status, output over
  //   kDescribeBytesMax) · not_found (missing or not executable); with the first
  //   line of its stderr.
  void ask(std::vector<Program> programs, Done done);

 private:
  class Question;
  struct Round {
    Answers answers;
    std::size_t open = 0;  // not answered yet
    Done done;
  };
  struct Waiting {
    Program program;
    std::shared_ptr<Round> round;  // of all its questions; the last answer ends it
    std::size_t place = 0;
  };

  void start_waiting();
  void start(Waiting waiting);
  static void answer(Round& round, std::size_t place, Result<std::string> text);

  Loop& loop_;
  Spawner& spawner_;
  Reaper& reaper_;
  Duration timeout_;
  std::deque<Waiting> waiting_;
  std::list<std::unique_ptr<Question>> asked_;
};

}  // namespace dkvm
