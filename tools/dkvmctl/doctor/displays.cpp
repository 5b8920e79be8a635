#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/machine/display.hpp"
#include "tools/dkvmctl/socket_path.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

namespace dkvm::ctl {
namespace {

constexpr const char* kArea = "displays";

struct Need {
  std::string_view type;
  std::string_view extension;
  std::string_view version;
};

// Source: docs/x11.md
constexpr Need kNeeds[] = {
    {"x11-input-source", "XInputExtension", "2.3"},
    {"x11-input-source", "XFIXES", "5.0"},
    {"x11-input-source", "XKEYBOARD", "1.0"},
    {"x11-input-source", "RANDR", "1.5"},
    {"x11-input-sink", "XTEST", "2.0"},
    {"x11-input-sink", "XInputExtension", "2.0"},
    {"x11-input-sink", "XKEYBOARD", "1.0"},
    {"x11-input-sink", "RANDR", "1.5"},
    {"x11-display-source", "MIT-SHM", "1.2"},
    {"x11-display-source", "DAMAGE", "1.0"},
    {"x11-display-source", "XFIXES", "4.0"},
    {"x11-display-source", "RANDR", "1.5"},
    {"x11-display-sink", "MIT-SHM", "1.2"},
    {"x11-display-sink", "RANDR", "1.5"},
};

std::string monitors_text(const Display& display) {
  std::string text;
  for (const Monitor& each : display.monitors)
    text += fmt::format("{}{} {}x{}", text.empty() ? "" : ", ", each.name, each.width, each.height);
  return text.empty() ? "no monitor" : text;
}

// What of it is missing or too old, for these types.
void check_extensions(const Display& display, const std::set<std::string>& types,
                      Findings& findings) {
  bool complete = true;
  for (const Need& need : kNeeds) {
    if (!types.contains(std::string(need.type))) continue;
    const auto found = display.extensions.find(std::string(need.extension));
    const bool there = found != display.extensions.end();
    if (there && at_least(found->second, std::string(need.version))) continue;
    complete = false;
    findings.error(
        kArea,
        fmt::format("display {} has {} {}, {} needs {}", display.name, need.extension,
                    there ? found->second : "not at all", need.type, need.version),
        "another X server, or other options of this one (`Xorg -extension` turns them off)");
  }
  if (!complete) return;
  std::string all;
  for (const auto& [name, version] : display.extensions)
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", name, version);
  findings.fine(kArea, fmt::format("display {} has what its devices need: {}", display.name, all));
}

void check_display(const std::string& name, const std::set<std::string>& types, bool needed,
                   Findings& findings) {
  const auto display = look_at_display(name);
  if (display) {
    findings.fine(kArea,
                  fmt::format("display {} opens: {}", display->name, monitors_text(*display)));
    return check_extensions(*display, types, findings);
  }
  Finding finding{needed ? Level::error : Level::warning, kArea, display.error().message(),
                  "run the kernel inside the desktop's session, or give the devices `display:` "
                  "(and XAUTHORITY)"};
  if (display.error().code() == Errc::unsupported) finding.todo = "install the devices of X11";
  findings.add(std::move(finding));
}

}  // namespace

void check_displays(const Patient& patient, Findings& findings) {
  const std::string usual = own_environment("DISPLAY").value_or("");
  if (!patient.config) {
    std::set<std::string> all;
    for (const Need& need : kNeeds) all.emplace(need.type);
    return check_display(usual, all, false, findings);
  }
  std::map<std::string, std::set<std::string>> wanted;  // types by display
  for (const DeviceConfig* device : patient.devices({})) {
    if (!device->type.starts_with("x11-")) continue;
    const auto& config = device->config.value;
    const bool named =
        config.is_object() && config.contains("display") && config["display"].is_string();
    wanted[named ? config["display"].get<std::string>() : usual].insert(device->type);
  }
  if (wanted.empty()) findings.fine(kArea, "no device of the file needs a display");
  for (const auto& [name, types] : wanted) check_display(name, types, true, findings);
}

}  // namespace dkvm::ctl
