#include "devices/x11/input/hands.hpp"

#include "devices/x11/input/codes.hpp"
#include "devices/x11/input/slaves.hpp"

#include <X11/extensions/XTest.h>

#include <algorithm>
#include <cmath>

namespace dkvm::x11 {
namespace {

void fake(::Display* display, std::uint16_t code, bool down) {
  if (const auto button = button_of(code))
    ::XTestFakeButtonEvent(display, *button, down ? True : False, CurrentTime);
  else if (const auto keycode = keycode_of(code))
    ::XTestFakeKeyEvent(display, *keycode, down ? True : False, CurrentTime);
}

// A position on a surface of `of` pixels (0: this one) on `pixels` that begin at `from`.
int placed(double at, std::uint32_t of, std::int32_t from, std::uint32_t pixels) {
  if (pixels == 0 || !std::isfinite(at)) return from;
  const double scaled = of == 0 ? at : at * pixels / of;
  return from + static_cast<int>(std::clamp(std::floor(scaled), 0.0, pixels - 1.0));
}

}  // namespace

Result<Hands> Hands::open(Connection& connection) {
  DKVM_CHECK(connection.extension("XTEST"));
  DKVM_TRY(const Slaves slaves, Slaves::open(connection, 0));
  // Input is for the desktop that others have grabbed, too.
  ::XTestGrabControl(connection.get(), True);
  unsigned buttons = 0;
  for (const Slave& slave : slaves.all())
    if (slave.xtest && !slave.keyboard) buttons = std::max(buttons, slave.buttons);
  return Hands(connection, buttons);
}

bool Hands::key(std::uint16_t code, bool down) {
  if (!keycode_of(code)) return false;
  press(code, down);
  return true;
}

bool Hands::button(std::uint16_t code, bool down) {
  const auto button = button_of(code);
  if (!button || *button > buttons_) return false;
  press(code, down);
  return true;
}

void Hands::press(std::uint16_t code, bool down) {
  fake(connection_->get(), code, down);
  if (down)
    held_.insert(code);
  else
    held_.erase(code);
}

void Hands::move(const PointerMotion& motion, const Bounds& desktop) {
  if (motion.absolute) {
    x_.forget();
    y_.forget();
    ::XTestFakeMotionEvent(connection_->get(), -1,
                           placed(motion.x, motion.width, desktop.x, desktop.width),
                           placed(motion.y, motion.height, desktop.y, desktop.height), CurrentTime);
    return;
  }
  if (!std::isfinite(motion.x) || !std::isfinite(motion.y)) return;
  const int x = x_.take(motion.x), y = y_.take(motion.y);
  if (x != 0 || y != 0) ::XTestFakeRelativeMotionEvent(connection_->get(), x, y, CurrentTime);
}

void Hands::turn(const PointerScroll& scroll) {
  const int up = up_.take(scroll.y), right = right_.take(scroll.x);
  click(up > 0 ? kWheelUp : kWheelDown, std::abs(up));
  click(right > 0 ? kWheelRight : kWheelLeft, std::abs(right));
}

void Hands::click(unsigned button, int times) {
  for (; times > 0 && button <= buttons_; --times) {
    ::XTestFakeButtonEvent(connection_->get(), button, True, CurrentTime);
    ::XTestFakeButtonEvent(connection_->get(), button, False, CurrentTime);
  }
}

void Hands::release_all() {
  for (const std::uint16_t code : held_) fake(connection_->get(), code, false);
  held_.clear();
}

Result<> Hands::release(Connection& connection, std::span<const std::uint16_t> codes) {
  DKVM_CHECK(connection.extension("XTEST"));
  DKVM_TRY(const Slaves slaves, Slaves::open(connection, 0));
  return connection.checked("releasing what XTEST holds down", [&] {
    for (const Slave& slave : slaves.all()) {
      if (!slave.xtest) continue;
      for (const std::uint16_t code : slaves.down(slave).codes)
        if (std::find(codes.begin(), codes.end(), code) != codes.end())
          fake(connection.get(), code, false);
    }
  });
}

}  // namespace dkvm::x11
