#include "devices/x11/monitors.hpp"

#include <dkvm/limits.hpp>

#include <X11/extensions/Xrandr.h>

#include <algorithm>
#include <memory>
#include <string>

namespace dkvm::x11 {
namespace {

std::unique_ptr<wire::MonitorT> monitor(std::string name, int x, int y, unsigned width,
                                        unsigned height) {
  auto made = std::make_unique<wire::MonitorT>();
  made->name = std::move(name);
  made->x = x;
  made->y = y;
  made->width = width;
  made->height = height;
  return made;
}

}  // namespace

Bounds bounds_of(const Geometry& geometry) {
  if (geometry.monitors.empty()) return {};
  std::int64_t left = INT32_MAX, top = INT32_MAX, right = INT32_MIN, bottom = INT32_MIN;
  for (const auto& each : geometry.monitors) {
    left = std::min<std::int64_t>(left, each->x);
    top = std::min<std::int64_t>(top, each->y);
    right = std::max<std::int64_t>(right, std::int64_t{each->x} + each->width);
    bottom = std::max<std::int64_t>(bottom, std::int64_t{each->y} + each->height);
  }
  return {static_cast<std::int32_t>(left), static_cast<std::int32_t>(top),
          static_cast<std::uint32_t>(right - left), static_cast<std::uint32_t>(bottom - top)};
}

Result<Monitors> Monitors::open(Connection& connection) {
  DKVM_TRY(const auto extension, connection.extension("RANDR"));
  int major = 1, minor = 5;
  ::XRRQueryVersion(connection.get(), &major, &minor);
  DKVM_CHECK(connection.check());
  if (major < 1 || (major == 1 && minor < 5))
    return fail(Errc::not_found, "X display '" + connection.name() + "': the X server has RANDR " +
                                     std::to_string(major) + "." + std::to_string(minor) +
                                     ", expected 1.5 or later");
  ::XRRSelectInput(connection.get(), connection.root(),
                   RRScreenChangeNotifyMask | RRCrtcChangeNotifyMask | RROutputChangeNotifyMask);
  return Monitors(connection, extension.event_first);
}

Result<Geometry> Monitors::read() const {
  ::Display* display = connection_->get();
  int count = 0;
  ::XRRMonitorInfo* found = ::XRRGetMonitors(display, connection_->root(), True, &count);
  Geometry geometry;
  for (int i = 0; found != nullptr && i < count && geometry.monitors.size() < kMonitorsMax; ++i) {
    const ::XRRMonitorInfo& each = found[i];
    if (each.width <= 0 || each.height <= 0) continue;
    const XOwned<char> name(::XGetAtomName(display, each.name));
    geometry.monitors.push_back(monitor(name ? name.get() : "", each.x, each.y,
                                        static_cast<unsigned>(each.width),
                                        static_cast<unsigned>(each.height)));
  }
  if (found != nullptr) ::XRRFreeMonitors(found);
  if (geometry.monitors.empty()) {
    ::Window root;
    int x = 0, y = 0;
    unsigned width = 0, height = 0, border = 0, depth = 0;
    ::XGetGeometry(display, connection_->root(), &root, &x, &y, &width, &height, &border, &depth);
    if (width != 0 && height != 0)
      geometry.monitors.push_back(monitor("screen", 0, 0, width, height));
  }
  DKVM_CHECK(connection_->check());
  return geometry;
}

bool Monitors::takes(::XEvent& event) const {
  if (event.type != event_first_ + RRScreenChangeNotify && event.type != event_first_ + RRNotify)
    return false;
  ::XRRUpdateConfiguration(&event);
  return true;
}

}  // namespace dkvm::x11
