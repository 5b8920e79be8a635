#include "tools/xlab/eye.hpp"

#include <dkvm/time.hpp>

#include <X11/Xutil.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/Xdamage.h>

#include <poll.h>

#include <array>

namespace dkvm::xlab {
namespace {

using std::chrono::milliseconds;

// False when the time is up.
bool wait_readable(Display* display, std::uint64_t end_ns) {
  const std::uint64_t now = now_ns();
  if (now >= end_ns) return false;
  pollfd waiting{XConnectionNumber(display), POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>((end_ns - now) / 1'000'000) + 1);
  return true;
}

std::uint64_t after(milliseconds time) {
  return now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

}  // namespace

Result<InputEye> InputEye::at(const std::string& display) {
  DKVM_TRY(XConnection connection, connect_x(display));
  Display* x = connection.get();
  int opcode = 0;
  int event = 0;
  int error = 0;
  int major = 2;
  int minor = 2;
  if (XQueryExtension(x, "XInputExtension", &opcode, &event, &error) == 0 ||
      XIQueryVersion(x, &major, &minor) != Success)
    return fail(Errc::unsupported, "the X server at " + display + " has no XInput 2");
  std::array<unsigned char, XIMaskLen(XI_LASTEVENT)> bits{};
  for (const int wanted :
       {XI_RawKeyPress, XI_RawKeyRelease, XI_RawButtonPress, XI_RawButtonRelease, XI_Motion})
    XISetMask(bits.data(), wanted);
  XIEventMask mask{XIAllMasterDevices, static_cast<int>(bits.size()), bits.data()};
  XISelectEvents(x, XDefaultRootWindow(x), &mask, 1);
  XSync(x, False);
  return InputEye(std::move(connection), opcode);
}

std::optional<InputEye::Seen> InputEye::take() {
  while (XPending(display_.get()) > 0) {
    Seen seen;
    seen.at_ns = now_ns();
    XEvent event;
    XNextEvent(display_.get(), &event);
    if (event.type != GenericEvent || event.xcookie.extension != opcode_ ||
        XGetEventData(display_.get(), &event.xcookie) == 0)
      continue;
    const int type = event.xcookie.evtype;
    if (type == XI_Motion) {
      const auto* motion = static_cast<const XIDeviceEvent*>(event.xcookie.data);
      seen.x = motion->root_x;
      seen.y = motion->root_y;
    } else {
      const auto* raw = static_cast<const XIRawEvent*>(event.xcookie.data);
      const bool is_key = type == XI_RawKeyPress || type == XI_RawKeyRelease;
      seen.what = is_key ? What::key : What::button;
      seen.down = type == XI_RawKeyPress || type == XI_RawButtonPress;
      seen.code = static_cast<std::uint16_t>(raw->detail -
                                             (is_key ? static_cast<int>(kKeycodeOfEvdev) : 0));
    }
    XFreeEventData(display_.get(), &event.xcookie);
    return seen;
  }
  return std::nullopt;
}

std::optional<InputEye::Seen> InputEye::next(milliseconds timeout) {
  const std::uint64_t end = after(timeout);
  auto seen = take();
  while (!seen && wait_readable(display_.get(), end)) seen = take();
  return seen;
}

void InputEye::forget() { XSync(display_.get(), True); }

double InputEye::pointer_x() { return pointer_state(display_.get()).x; }

Result<PixelEye> PixelEye::at(const std::string& display, int x, int y) {
  DKVM_TRY(XConnection connection, connect_x(display));
  int event = 0;
  int error = 0;
  if (XDamageQueryExtension(connection.get(), &event, &error) == 0)
    return fail(Errc::unsupported, "the X server at " + display + " has no DAMAGE");
  const Damage damage =
      XDamageCreate(connection.get(), XDefaultRootWindow(connection.get()), XDamageReportNonEmpty);
  XSync(connection.get(), False);
  return PixelEye(std::move(connection), event, damage, x, y);
}

bool PixelEye::is_light() {
  XImage* image = XGetImage(display_.get(), XDefaultRootWindow(display_.get()), x_, y_, 1, 1,
                            AllPlanes, ZPixmap);
  if (image == nullptr) return false;
  constexpr unsigned long kGreen = 0x00ff00;
  constexpr unsigned long kHalf = 0x008000;
  const bool light = (XGetPixel(image, 0, 0) & kGreen) >= kHalf;
  XDestroyImage(image);
  return light;
}

std::optional<std::uint64_t> PixelEye::await(bool light, milliseconds timeout) {
  const std::uint64_t end = after(timeout);
  std::uint64_t woken = now_ns();
  while (is_light() != light) {
    bool damaged = false;
    while (!damaged) {
      if (XPending(display_.get()) == 0) {
        if (!wait_readable(display_.get(), end)) return std::nullopt;
        woken = now_ns();
        continue;
      }
      XEvent event;
      XNextEvent(display_.get(), &event);
      damaged = event.type == event_ + XDamageNotify;
    }
    XDamageSubtract(display_.get(), damage_, None, None);
  }
  return woken;
}

}  // namespace dkvm::xlab
