#pragma once

#include "kernel/loop/clock.hpp"

#include <chrono>

namespace dkvm {

// A deadline that is judged later than this after it was due tells of the loop,
// which stood still itself: nobody is blamed, and the time starts anew.
// Deadlines must be judged only after a poll pass, when what had arrived has been
// read.
inline constexpr Duration kLoopGapMin = std::chrono::milliseconds(100);

constexpr bool loop_stood_still(Duration late) { return late > kLoopGapMin; }

}  // namespace dkvm
