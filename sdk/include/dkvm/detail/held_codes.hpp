#pragma once

#include <dkvm/limits.hpp>
#include <dkvm/payload.hpp>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <unordered_map>

namespace dkvm::detail {

// The keys and buttons that a device's kernel has pressed through it, each port
// for itself: what must not stay down when that kernel falls silent.
class HeldCodes {
 public:
  // Follows an event. True when it pressed something.
  bool follow(const Frame& frame) {
    switch (static_cast<wire::Topic>(frame.header.topic())) {
      case wire::Topic::key: return set(frame, view_table<wire::Key>(frame.payload));
      case wire::Topic::pointer_button:
        return set(frame, view_table<wire::PointerButton>(frame.payload));
      default: return false;
    }
  }

  bool any() const {
    return std::any_of(down_.begin(), down_.end(),
                       [](const auto& port) { return port.second.any(); });
  }
  // The port is closed: whoever closed it has let go of what it held.
  void forget(std::uint16_t port) { down_.erase(port); }
  void clear() { down_.clear(); }

 private:
  template <class Table>
  bool set(const Frame& frame, const Table& event) {
    if (event.code() >= kInputCodesMax) return false;
    down_[frame.header.port()][event.code()] = event.down();
    return event.down();
  }

  // By the id of an open port: at most kPortsPerDeviceMax.
  std::unordered_map<std::uint16_t, std::bitset<kInputCodesMax>> down_;
};

}  // namespace dkvm::detail
