#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/held_input.hpp"
#include "devices/x11/input/injected_motion.hpp"
#include "devices/x11/input/remainder.hpp"
#include "devices/x11/input/slaves.hpp"
#include "devices/x11/monitors.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

#include <X11/extensions/XInput2.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace dkvm::x11 {

// What fingers do, whoever has the input: raw events of XInput2 as events of ours.
class RawInput {
 public:
  // Whoever wants to know. Motion is relative.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_key(std::uint16_t code, bool down) = 0;
    virtual void on_button(std::uint16_t code, bool down) = 0;
    virtual void on_motion(Point by) = 0;
    virtual void on_scroll(const PointerScroll& scroll) = 0;
    // A device has placed the pointer, here.
    virtual void on_placed(Point at) = 0;
    virtual void on_barrier(::XID barrier, Point at, bool hit) = 0;
    // It may be that not everything was seen: ask(), but not from here.
    virtual void on_doubt() = 0;
  };

  // with_xtest: what programs inject counts too.
  // Life:   the listener outlives it
  // Errors: Errc::not_found without XInput 2.3, Errc::disconnected.
  static Result<RawInput> open(Connection& connection, Listener& listener, bool with_xtest);

  // True for its events.
  bool takes(::XEvent& event);
  // What is down really, asked of the devices; the listener learns what changes.
  // Shape:  everything: of all devices, else of those that are known to hold something
  void ask(bool everything);

  const HeldInput& held() const { return held_; }
  // Of the event that the listener is told of, by the server's clock.
  ::Time time() const { return time_; }
  void set_desktop(const Bounds& desktop) { desktop_ = desktop; }
  // While confined the pointer does not go where injected motion says.
  void set_confined(bool confined) { confined_ = confined; }

 private:
  RawInput(Connection& connection, Slaves slaves, Listener& listener, bool with_xtest)
      : connection_(&connection),
        slaves_(std::move(slaves)),
        listener_(&listener),
        with_xtest_(with_xtest) {}

  struct Position {  // of the axes of an absolute device
    std::optional<double> x, y;
    InjectedMotion injected;
  };

  void select();
  bool counts(const Slave* slave) const { return slave && (with_xtest_ || !slave->xtest); }
  void take(const ::XGenericEventCookie& cookie);
  void key(int device, int keycode, bool down);
  void button(int device, int button, bool down);
  void stroke(int device, std::uint16_t code, bool down);
  void motion(const Slave& slave, const ::XIRawEvent& event);
  void wheel(const Slave& slave, const ::XIRawEvent& event);
  void injected(const Slave& slave, Point said);
  Point absolute(const Slave& slave, std::optional<double> x, std::optional<double> y);
  Point pointer() const;

  Connection* connection_;
  Slaves slaves_;
  Listener* listener_;
  bool with_xtest_;
  HeldInput held_;
  Bounds desktop_;
  bool confined_ = false;
  ::Time time_ = 0;
  Point began_;                        // where the pointer was at the start
  std::map<int, Position> positions_;  // at most a device each
  Whole scroll_x_, scroll_y_;
};

}  // namespace dkvm::x11
