#pragma once

#include "pipelines/port.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace dkvm {

// Who holds input, as the router says and as health was told: at the end of a
// turn, and not at every stroke of a quick burst.
class HeldNotes {
 public:
  static constexpr std::uint64_t kToldEveryNs = 20'000'000;  // of one device, at most
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  using Tell = std::function<void(DeviceId device, bool held)>;

  explicit HeldNotes(Tell tell) : tell_(std::move(tell)) {}

  // From the router: something is held through this device, or nothing any more.
  void changed(DeviceId device, bool held) {
    Held& note = at(device);
    note.now = held;
    if (!std::exchange(note.noted, true)) noted_.push_back(device);
  }

  // A new incarnation, whose health knows of nothing.
  void begin(DeviceId device) {
    at(device).told = false;
    if (at(device).now) changed(device, true);
  }

  // Tells what has changed. Returns when the next change is due that came too
  // soon after the last, or kNever.
  std::uint64_t tell(std::uint64_t now_ns) {
    std::uint64_t due_ns = kNever;
    std::size_t early = 0;
    for (std::size_t i = 0; i < noted_.size(); ++i) {
      const DeviceId device = noted_[i];
      Held& note = held_[device];
      if (note.told != note.now && now_ns < note.told_ns + kToldEveryNs) {
        due_ns = std::min(due_ns, note.told_ns + kToldEveryNs);
        noted_[early++] = device;
        continue;
      }
      note.noted = false;
      if (std::exchange(note.told, note.now) == note.now) continue;
      note.told_ns = now_ns;
      tell_(device, note.told);
    }
    noted_.resize(early);
    return due_ns;
  }

 private:
  struct Held {
    bool now = false;
    bool told = false;
    bool noted = false;  // in noted_
    std::uint64_t told_ns = 0;
  };

  Held& at(DeviceId device) {
    if (device >= held_.size()) held_.resize(std::size_t{device} + 1);
    return held_[device];
  }

  Tell tell_;
  std::vector<Held> held_;  // by id
  std::vector<DeviceId> noted_;
};

}  // namespace dkvm
