#pragma once

#include "devices/x11/connection.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

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

// All zero without monitors.
Bounds bounds_of(const Geometry& geometry);

// The monitors of a desktop, and word of their changes, by XRandR.
class Monitors {
 public:
  // Errors: Errc::not_found without RandR 1.5, Errc::disconnected.
  static Result<Monitors> open(Connection& connection);

  // As they are now: at most kMonitorsMax, those without a size left out; a desktop
  // without monitors is one, named `screen`, unless it is 0 pixels large.
  // Errors: Errc::disconnected
  Result<Geometry> read() const;

  // True for an event after which read() may tell something else.
  bool takes(::XEvent& event) const;

 private:
  Monitors(Connection& connection, int event_first)
      : connection_(&connection), event_first_(event_first) {}

  Connection* connection_;
  int event_first_;
};

}  // namespace dkvm::x11
