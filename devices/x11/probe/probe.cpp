// What an X server has that the devices of X11 need, as JSON on stdout:
//   dkvm-x11-probe [DISPLAY]
//   {"display", "extensions": {"XTEST": "2.2", …}, "monitors": [{name, x, y, width, height}]}
// An extension that is missing is missing there. A display that does not open:
//   {"display", "error"}, and exit status 1.
#include "devices/x11/connection.hpp"
#include "devices/x11/monitors.hpp"

#include <X11/XKBlib.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/XShm.h>
#include <X11/extensions/XTest.h>
#include <X11/extensions/Xdamage.h>
#include <X11/extensions/Xfixes.h>
#include <X11/extensions/Xrandr.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace dkvm;
using Json = nlohmann::ordered_json;

std::string version_text(int major, int minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

Json extensions_of(::Display* display) {
  Json found = Json::object();
  int event = 0, error = 0, major = 0, minor = 0, opcode = 0;
  const auto has = [&](const char* name) {
    return ::XQueryExtension(display, name, &opcode, &event, &error) != 0;
  };
  if (::XTestQueryExtension(display, &event, &error, &major, &minor) != 0)
    found["XTEST"] = version_text(major, minor);
  major = 2, minor = 4;  // what is asked for, and then what is there
  if (has("XInputExtension") && ::XIQueryVersion(display, &major, &minor) == Success)
    found["XInputExtension"] = version_text(major, minor);
  if (has("RANDR") && ::XRRQueryVersion(display, &major, &minor) != 0)
    found["RANDR"] = version_text(major, minor);
  if (has("XFIXES") && ::XFixesQueryVersion(display, &major, &minor) != 0)
    found["XFIXES"] = version_text(major, minor);
  if (has("DAMAGE") && ::XDamageQueryVersion(display, &major, &minor) != 0)
    found["DAMAGE"] = version_text(major, minor);
  Bool pixmaps = False;
  if (has("MIT-SHM") && ::XShmQueryVersion(display, &major, &minor, &pixmaps) != 0)
    found["MIT-SHM"] = version_text(major, minor);
  major = XkbMajorVersion, minor = XkbMinorVersion;
  if (::XkbQueryExtension(display, &opcode, &event, &error, &major, &minor) != 0)
    found["XKEYBOARD"] = version_text(major, minor);
  return found;
}

Result<Json> monitors_of(x11::Connection& connection) {
  DKVM_TRY(const auto monitors, x11::Monitors::open(connection));
  DKVM_TRY(const Geometry geometry, monitors.read());
  Json found = Json::array();
  for (const auto& each : geometry.monitors)
    found.push_back({{"name", each->name},
                     {"x", each->x},
                     {"y", each->y},
                     {"width", each->width},
                     {"height", each->height}});
  return found;
}

Result<Json> probe(const std::string& display) {
  if (display.empty())
    return fail(Errc::invalid, "neither an argument nor DISPLAY names an X display");
  DKVM_TRY(const auto connection, x11::Connection::open(display));
  Json answer = {{"display", display}, {"extensions", extensions_of(connection->get())}};
  // Old servers have no RandR of that kind; the extensions say so.
  if (auto monitors = monitors_of(*connection)) answer["monitors"] = *std::move(monitors);
  DKVM_CHECK(connection->check());
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  const char* inherited = std::getenv("DISPLAY");
  const std::string display = argc > 1 ? argv[1] : inherited == nullptr ? "" : inherited;
  const auto answer = probe(display);
  const Json shown =
      answer ? *answer : Json{{"display", display}, {"error", answer.error().message()}};
  std::puts(shown.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return answer ? 0 : 1;
}
