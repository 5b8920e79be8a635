#pragma once

#include <dkvm/limits.hpp>
#include <dkvm/payload.hpp>

#include <bitset>
#include <cstdint>

namespace dkvm::detail {

// The keys and buttons that a device's kernel has pressed through it: what
// must not stay down when that kernel falls silent.
class HeldCodes {
 public:
  // Follows an event. True when it pressed something.
  bool follow(const Frame& frame) {
    switch (static_cast<wire::Topic>(frame.header.topic())) {
      case wire::Topic::key: return set(view_table<wire::Key>(frame.payload));
      case wire::Topic::pointer_button: return set(view_table<wire::PointerButton>(frame.payload));
      default: return false;
    }
  }

  bool any() const { return down_.any(); }
  void clear() { down_.reset(); }

 private:
  template <class Table>
  bool set(const Table& event) {
    if (event.code() >= kInputCodesMax) return false;
    down_[event.code()] = event.down();
    return event.down();
  }

  std::bitset<kInputCodesMax> down_;
};

}  // namespace dkvm::detail
