#pragma once

#include <dkvm/time.hpp>

#include <cstdint>
#include <thread>

namespace dkvm::tcp {

// Lets others have the processor between two records. Linux weighs a low priority
// by whole slices: a bulk thread that was picked while a key's process had just had
// its share keeps the processor until the next tick, 4 ms, however nice it is. One
// that yields is asked again whether it is its turn.
// Source: docs/performance.md, "link"
class GiveWay {
 public:
  void between_records() {
    const std::uint64_t now = now_ns();
    if (now - last_ns_ < kPauseNs) return;
    last_ns_ = now;
    std::this_thread::yield();
  }

 private:
  static constexpr std::uint64_t kPauseNs = 50'000;  // three records or so

  std::uint64_t last_ns_ = 0;
};

}  // namespace dkvm::tcp
