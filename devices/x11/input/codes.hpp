#pragma once

#include <dkvm/events.hpp>

#include <cstdint>
#include <optional>

// Codes of X servers whose keycodes are evdev's (all of today's on Linux), and evdev
// codes. Buttons 4 to 7 of X are notches of the wheel.
namespace dkvm::x11 {

inline constexpr std::uint16_t kKeycodeOffset = 8;
inline constexpr std::uint16_t kKeyCodeMax = 255 - kKeycodeOffset;  // of evdev; X has 8 bits

// Nothing for a key that X has no keycode for.
constexpr std::optional<unsigned> keycode_of(std::uint16_t code) {
  if (code > kKeyCodeMax) return std::nullopt;
  return unsigned{code} + kKeycodeOffset;
}
constexpr std::optional<std::uint16_t> code_of_keycode(int keycode) {
  if (keycode < kKeycodeOffset || keycode > 255) return std::nullopt;
  return static_cast<std::uint16_t>(keycode - kKeycodeOffset);
}

namespace detail {
inline constexpr std::uint16_t kLeft = 0x110;  // BTN_LEFT
inline constexpr std::uint16_t kRight = 0x111;
inline constexpr std::uint16_t kMiddle = 0x112;
inline constexpr std::uint16_t kSide = 0x113;         // X: button 8
inline constexpr std::uint16_t kLastOfMouse = 0x11f;  // of the codes of mice
inline constexpr unsigned kButtonOfSide = 8;
}  // namespace detail

constexpr std::optional<unsigned> button_of(std::uint16_t code) {
  switch (code) {
    case detail::kLeft: return 1;
    case detail::kMiddle: return 2;
    case detail::kRight: return 3;
    default: break;
  }
  if (code < detail::kSide || code > detail::kLastOfMouse) return std::nullopt;
  return code - detail::kSide + detail::kButtonOfSide;
}
constexpr std::optional<std::uint16_t> code_of_button(int button) {
  switch (button) {
    case 1: return detail::kLeft;
    case 2: return detail::kMiddle;
    case 3: return detail::kRight;
    default: break;
  }
  const int code = button - static_cast<int>(detail::kButtonOfSide) + detail::kSide;
  if (code < detail::kSide || code > detail::kLastOfMouse) return std::nullopt;
  return static_cast<std::uint16_t>(code);
}

inline constexpr std::int32_t kNotch = 120;

// Buttons of the wheel: up, down, left, right.
inline constexpr unsigned kWheelUp = 4;
inline constexpr unsigned kWheelDown = 5;
inline constexpr unsigned kWheelLeft = 6;
inline constexpr unsigned kWheelRight = 7;

// What a click of such a button scrolls; nothing for others.
inline std::optional<PointerScroll> scroll_of_button(int button) {
  switch (button) {
    case kWheelUp: return scroll(0, kNotch);
    case kWheelDown: return scroll(0, -kNotch);
    case kWheelLeft: return scroll(-kNotch, 0);
    case kWheelRight: return scroll(kNotch, 0);
    default: return std::nullopt;
  }
}

}  // namespace dkvm::x11
