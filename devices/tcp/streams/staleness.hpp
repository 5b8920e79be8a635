#pragma once

#include "devices/tcp/limits.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/payload.hpp>

#include <chrono>
#include <cstdint>

namespace dkvm::tcp {

inline bool is_input(TopicId topic) {
  return topic == id_of(wire::Topic::key) || topic == id_of(wire::Topic::pointer_motion) ||
         topic == id_of(wire::Topic::pointer_button) ||
         topic == id_of(wire::Topic::pointer_scroll) || topic == id_of(wire::Topic::touch);
}

// What lets go is never too late.
inline bool lets_go(TopicId topic, Bytes payload) {
  switch (static_cast<wire::Topic>(topic)) {
    case wire::Topic::key: return !view_table<wire::Key>(payload).down();
    case wire::Topic::pointer_button: return !view_table<wire::PointerButton>(payload).down();
    case wire::Topic::touch: {
      const auto phase = view_table<wire::Touch>(payload).phase();
      return phase == wire::TouchPhase::up || phase == wire::TouchPhase::cancel;
    }
    default: return false;
  }
}

// Whether an event is input of so long ago that playing it would surprise.
// Shape: the payload was verified
// Units: sent_ns = when the last kernel let go of it, on the clock of now_ns
inline bool too_old(const Frame& event, std::uint64_t sent_ns, std::uint64_t now_ns) {
  const TopicId topic = event.header.topic();
  return is_input(topic) && now_ns > sent_ns && now_ns - sent_ns > kInputAgeNsMax &&
         !lets_go(topic, event.payload);
}

// When the last kernel sent it, on that kernel's clock; 0 without a stamp.
inline std::uint64_t last_sent_ns(const Frame& event) {
  const std::size_t hops = event.header.hop_count();
  return hops == 0 ? 0 : event.hop(hops - 1).sent_ns();
}

}  // namespace dkvm::tcp
