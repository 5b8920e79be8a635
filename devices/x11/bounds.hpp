#pragma once

#include <cstdint>

namespace dkvm::x11 {

// The rectangle around all monitors, in pixels of the desktop.
struct Bounds {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool operator==(const Bounds&) const = default;
};

}  // namespace dkvm::x11
