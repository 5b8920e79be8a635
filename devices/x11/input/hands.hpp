#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/remainder.hpp"
#include "devices/x11/monitors.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace dkvm::x11 {

// Presses keys and moves the pointer of a desktop by XTEST, and knows what it holds.
// What it does is on its way once the connection is flushed.
class Hands {
 public:
  // Errors: Errc::not_found without XTEST or XInput2, Errc::disconnected.
  static Result<Hands> open(Connection& connection);

  // False for a code that the server cannot have: nothing happens.
  bool key(std::uint16_t code, bool down);
  bool button(std::uint16_t code, bool down);
  // An absolute one is scaled to `desktop`.
  void move(const PointerMotion& motion, const Bounds& desktop);
  void turn(const PointerScroll& scroll);
  void release_all();

  // Of these codes those that are down by XTEST, whoever has pressed them; nothing
  // else. Waits until it is done.
  // Errors: Errc::denied, Errc::disconnected
  static Result<> release(Connection& connection, std::span<const std::uint16_t> codes);

 private:
  Hands(Connection& connection, unsigned buttons) : connection_(&connection), buttons_(buttons) {}

  void press(std::uint16_t code, bool down);
  void click(unsigned button, int times);

  Connection* connection_;
  unsigned buttons_;
  std::set<std::uint16_t> held_;  // at most every code that X has
  Whole x_, y_;
  Notches up_, right_;
};

}  // namespace dkvm::x11
