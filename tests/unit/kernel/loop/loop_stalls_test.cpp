#include "kernel/loop/loop_stalls.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace dkvm;
using namespace std::chrono_literals;

TEST_CASE("only what is long enough is a stall") {
  StallCounts counts;
  counts.add(kLoopStallMin - 1ms);
  CHECK(counts.stalls == 0);
  counts.add(kLoopStallMin);
  counts.add(3 * kLoopStallMin);
  CHECK(counts.stalls == 2);
  CHECK(counts.sum == 4 * kLoopStallMin);
  CHECK(counts.longest == 3 * kLoopStallMin);
}

TEST_CASE("a turn that takes long is a stall, and is counted once") {
  constexpr Duration kWork = 3 * kLoopStallMin;
  Loop loop;
  LoopStalls stalls(loop);
  int rings = 0;
  Timer timer(loop, [&] {
    if (++rings == 2) std::this_thread::sleep_for(kWork);  // keeps the loop
    if (rings < 3) timer.arm_in(1ms);
  });
  timer.arm_in(0ms);
  loop.run();
  CHECK(rings == 3);
  CHECK(stalls.counts().stalls >= 1);  // more where the machine is busy
  CHECK(stalls.counts().longest >= kWork - 1ms);
}

TEST_CASE("a loop that others keep waiting is watched, and ends all the same") {
  Loop loop;
  LoopStalls stalls(loop);
  loop.run();  // returns, as nothing else is watched
  CHECK(stalls.counts().stalls == 0);
}
