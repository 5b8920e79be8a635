#pragma once

#include "devices/dummy/held_codes.hpp"
#include "devices/dummy/jsonl.hpp"

#include <cstdint>
#include <string_view>
#include <variant>

namespace dkvm::dummy {

// Which events a device carries, and so its file.
enum class Family : std::uint8_t { keyboard, mouse };

inline bool carries(Family family, const Record& record) {
  return std::holds_alternative<Key>(record.event) == (family == Family::keyboard);
}

// For messages: what a file of the family holds.
inline std::string_view events_of(Family family) {
  return family == Family::keyboard ? "key events" : "motion, position, button or scroll";
}

// The event that lets go of a code.
inline Record release_of(Family family, std::uint16_t code, std::uint64_t time_ns) {
  if (family == Family::keyboard) return {time_ns, key(code, false)};
  return {time_ns, button(code, false)};
}

// Keeps account of what an event presses and releases.
inline void note_held(HeldCodes& held, const Record& record) {
  if (const auto* pressed = std::get_if<Key>(&record.event)) held.set(pressed->code, pressed->down);
  if (const auto* pressed = std::get_if<PointerButton>(&record.event))
    held.set(pressed->code, pressed->down);
}

}  // namespace dkvm::dummy
