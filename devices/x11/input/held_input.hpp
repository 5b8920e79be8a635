#pragma once

#include <dkvm/limits.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace dkvm::x11 {

// What fingers hold down, on several keyboards and mice: a code is down while it is on
// any of them. At most kInputCodesMax codes; further ones are not taken.
class HeldInput {
 public:
  // True when the code was up before: repeats, and the same key of a second keyboard,
  // are no news.
  bool press(int device, std::uint16_t code) {
    if (!held_.contains(code) && held_.size() >= kInputCodesMax) return false;
    auto& holders = held_[code];
    const bool was_up = holders.empty();
    holders.insert(device);
    return was_up;
  }
  // True when the code is up now and was down before.
  bool release(int device, std::uint16_t code) {
    const auto found = held_.find(code);
    if (found == held_.end() || found->second.erase(device) == 0 || !found->second.empty())
      return false;
    held_.erase(found);
    return true;
  }

  // What the device really holds, in ascending order; and what that changes: codes that
  // went down, then codes that went up.
  struct Change {
    std::uint16_t code;
    bool down;
  };
  std::vector<Change> only(int device, std::span<const std::uint16_t> codes) {
    std::vector<Change> changes;
    for (const std::uint16_t code : codes)
      if (press(device, code)) changes.push_back({code, true});
    for (const std::uint16_t code : pressed())
      if (!std::binary_search(codes.begin(), codes.end(), code) && release(device, code))
        changes.push_back({code, false});
    return changes;
  }
  // The devices that hold something.
  std::set<int> devices() const {
    std::set<int> all;
    for (const auto& [code, holders] : held_) all.insert(holders.begin(), holders.end());
    return all;
  }

  bool empty() const { return held_.empty(); }
  bool holds(std::uint16_t code) const { return held_.contains(code); }
  std::vector<std::uint16_t> pressed() const {
    std::vector<std::uint16_t> codes;
    for (const auto& [code, holders] : held_) codes.push_back(code);
    return codes;
  }

  // All codes of the chord are down, others may be.
  bool holds_all(std::span<const std::uint16_t> chord) const {
    return std::all_of(chord.begin(), chord.end(), [&](std::uint16_t code) { return holds(code); });
  }
  // Exactly the chord is down.
  bool is(std::span<const std::uint16_t> chord) const {
    const std::set<std::uint16_t> codes(chord.begin(), chord.end());
    return codes.size() == held_.size() && holds_all(chord);
  }

 private:
  std::map<std::uint16_t, std::set<int>> held_;  // by code: the devices
};

}  // namespace dkvm::x11
