#pragma once

#include "tools/bench/harness/control.hpp"

#include <cstdint>

// What a fast mouse sends: motions, and a button that goes down or up every
// 100 ms.
namespace dkvm::bench {

inline constexpr double kMouseHz = 8000;
inline constexpr std::uint64_t kStepsPerButton = 800;
inline constexpr std::uint16_t kMouseCode = 0x110;  // BTN_LEFT
inline constexpr double kTravel = 1;                // of each motion

struct MouseStep {
  bool is_button = false;
  bool down = false;
};

class MouseSteps {
 public:
  MouseStep next() {
    if (++count_ % kStepsPerButton != 0) return {};
    return {true, down_ = !down_};
  }

 private:
  std::uint64_t count_ = 0;
  bool down_ = false;
};

inline void count(const MouseStep& step, Outcome& outcome) {
  if (step.is_button) {
    ++outcome.buttons;
  } else {
    ++outcome.events;
    outcome.travel += kTravel;
  }
}

}  // namespace dkvm::bench
