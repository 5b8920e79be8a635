#pragma once

#include "devices/x11/bounds.hpp"
#include "devices/x11/connection.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

namespace dkvm::x11 {

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
