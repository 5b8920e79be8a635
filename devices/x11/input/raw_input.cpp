#include "devices/x11/input/raw_input.hpp"

#include "devices/x11/input/codes.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace dkvm::x11 {
namespace {

constexpr int kBarriersSince = 3;  // XInput 2.3

// What the event says of an axis.
std::optional<double> value_of(const ::XIRawEvent& event, int axis) {
  if (axis < 0 || axis >= event.valuators.mask_len * 8) return std::nullopt;
  if (!XIMaskIsSet(event.valuators.mask, axis)) return std::nullopt;
  int before = 0;
  for (int i = 0; i < axis; ++i)
    if (XIMaskIsSet(event.valuators.mask, i)) ++before;
  return event.valuators.values[before];
}

// How far an absolute axis went, in pixels; without limits its units are pixels.
double distance(std::optional<double>& last, std::optional<double> value, const Slave::Axis& axis,
                std::uint32_t pixels) {
  if (!value) return 0;
  const double by = last ? *value - *last : 0;
  last = value;
  return axis.max > axis.min ? by * pixels / (axis.max - axis.min + 1) : by;
}

}  // namespace

Result<RawInput> RawInput::open(Connection& connection, Listener& listener, bool with_xtest) {
  DKVM_TRY(Slaves slaves, Slaves::open(connection, kBarriersSince));
  RawInput input(connection, std::move(slaves), listener, with_xtest);
  input.select();
  input.began_ = input.pointer();
  DKVM_CHECK(connection.check());
  return input;
}

void RawInput::select() {
  std::array<unsigned char, XIMaskLen(XI_LASTEVENT)> input{}, devices{};
  for (const int event : {XI_RawKeyPress, XI_RawKeyRelease, XI_RawButtonPress, XI_RawButtonRelease,
                          XI_RawMotion, XI_BarrierHit, XI_BarrierLeave})
    XISetMask(input.data(), event);
  XISetMask(devices.data(), XI_HierarchyChanged);
  ::XIEventMask masks[] = {{XIAllMasterDevices, static_cast<int>(input.size()), input.data()},
                           {XIAllDevices, static_cast<int>(devices.size()), devices.data()}};
  ::XISelectEvents(connection_->get(), connection_->root(), masks, 2);
}

bool RawInput::takes(::XEvent& event) {
  ::XGenericEventCookie& cookie = event.xcookie;
  if (event.type != GenericEvent || cookie.extension != slaves_.opcode()) return false;
  if (::XGetEventData(connection_->get(), &cookie) == 0) return true;
  take(cookie);
  ::XFreeEventData(connection_->get(), &cookie);
  return true;
}

void RawInput::take(const ::XGenericEventCookie& cookie) {
  if (cookie.evtype == XI_HierarchyChanged) {
    slaves_.refresh();
    return listener_->on_doubt();
  }
  if (cookie.evtype == XI_BarrierHit || cookie.evtype == XI_BarrierLeave) {
    const auto& event = *static_cast<const ::XIBarrierEvent*>(cookie.data);
    if (counts(slaves_.find(event.sourceid)))
      listener_->on_barrier(event.barrier, {event.root_x, event.root_y},
                            cookie.evtype == XI_BarrierHit);
    return;
  }
  const auto& event = *static_cast<const ::XIRawEvent*>(cookie.data);
  const Slave* slave = slaves_.find(event.sourceid);
  if (!counts(slave)) return;
  time_ = event.time;
  switch (cookie.evtype) {
    case XI_RawKeyPress: return key(slave->id, event.detail, true);
    case XI_RawKeyRelease: return key(slave->id, event.detail, false);
    case XI_RawButtonPress:
    case XI_RawButtonRelease:
      // Clicks that the server makes of a wheel with small steps, which tells by itself.
      if ((event.flags & XIPointerEmulated) != 0) return;
      return button(slave->id, event.detail, cookie.evtype == XI_RawButtonPress);
    case XI_RawMotion: motion(*slave, event); return wheel(*slave, event);
    default: return;
  }
}

void RawInput::key(int device, int keycode, bool down) {
  if (const auto code = code_of_keycode(keycode)) stroke(device, *code, down);
}

void RawInput::button(int device, int button, bool down) {
  if (const auto notch = scroll_of_button(button)) {
    if (down) listener_->on_scroll(*notch);
    return;
  }
  if (const auto code = code_of_button(button)) stroke(device, *code, down);
}

void RawInput::stroke(int device, std::uint16_t code, bool down) {
  if (!(down ? held_.press(device, code) : held_.release(device, code))) return;
  if (button_of(code))
    listener_->on_button(code, down);
  else
    listener_->on_key(code, down);
}

void RawInput::motion(const Slave& slave, const ::XIRawEvent& event) {
  const auto x = value_of(event, 0), y = value_of(event, 1);
  if (!x && !y) return;
  if (slave.xtest) return injected(slave, {x.value_or(0), y.value_or(0)});
  const bool is_absolute = slave.x.absolute || slave.y.absolute;
  const Point by = is_absolute ? absolute(slave, x, y) : Point{x.value_or(0), y.value_or(0)};
  if (by != Point{}) listener_->on_motion(by);
  if (is_absolute && !confined_) listener_->on_placed(pointer());
}

Point RawInput::absolute(const Slave& slave, std::optional<double> x, std::optional<double> y) {
  Position& last = positions_[slave.id];
  return {distance(last.x, x, slave.x, desktop_.width),
          distance(last.y, y, slave.y, desktop_.height)};
}

void RawInput::injected(const Slave& slave, Point said) {
  const auto [position, is_new] = positions_.try_emplace(slave.id);
  InjectedMotion& motion = position->second.injected;
  if (is_new) motion.place(began_);
  const auto now = confined_ ? std::nullopt : std::optional(pointer());
  const Point by = motion.take(said, now, desktop_);
  if (by != Point{}) listener_->on_motion(by);
  if (now && motion.absolute()) listener_->on_placed(*now);
}

void RawInput::wheel(const Slave& slave, const ::XIRawEvent& event) {
  const auto notches = [&](const std::optional<Slave::Wheel>& wheel) -> double {
    if (!wheel) return 0;
    return value_of(event, wheel->axis).value_or(0) / wheel->increment;
  };
  const int x = scroll_x_.take(notches(slave.horizontal) * kNotch);
  const int y = scroll_y_.take(-notches(slave.vertical) * kNotch);
  if (x != 0 || y != 0) listener_->on_scroll(scroll(x, y));
}

Point RawInput::pointer() const {
  ::Window root = 0, child = 0;
  int x = 0, y = 0, inside_x = 0, inside_y = 0;
  unsigned buttons = 0;
  ::XQueryPointer(connection_->get(), connection_->root(), &root, &child, &x, &y, &inside_x,
                  &inside_y, &buttons);
  return {static_cast<double>(x), static_cast<double>(y)};
}

void RawInput::ask(bool everything) {
  const auto tell = [&](int device, std::span<const std::uint16_t> codes) {
    for (const auto& [code, down] : held_.only(device, codes)) {
      if (button_of(code))
        listener_->on_button(code, down);
      else
        listener_->on_key(code, down);
    }
  };
  const auto holders = held_.devices();
  const auto slaves = slaves_.all();  // as they are now: what is handed on may change them
  for (const Slave& slave : slaves) {
    if (!counts(&slave) || (!everything && !holders.contains(slave.id))) continue;
    const auto down = slaves_.down(slave);
    connection_->hand_on_before(down.request);
    tell(slave.id, down.codes);
  }
  for (const int device : holders)  // one that is gone holds nothing
    if (!counts(slaves_.find(device))) tell(device, {});
}

}  // namespace dkvm::x11
