#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/device_text.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

Cell state_cell(const Json& device) {
  const std::string state = text_of(device, "state");
  return {state, tone_of_state(state)};
}

// Empty where there is none: a device that does not run has no pid.
std::string amount(const Json& device, const char* key) {
  const std::uint64_t count = count_of(device, key);
  return count == 0 ? "" : std::to_string(count);
}

std::string memory_text(const Json& device) {
  const std::uint64_t bytes = count_of(device, "rss_bytes");
  return bytes == 0 ? "" : bytes_text(bytes);
}

Called<> list_devices(Ctl& ctl) {
  DKVM_TRY(const Json devices, all_pages(ctl, "devices.list", Json::object(), "devices"));
  if (ctl.screen.json()) {
    ctl.screen.document({{"devices", devices}});
    return {};
  }
  Table table({{"NAME"},
               {"TYPE"},
               {"STATE"},
               {"FOR", Align::right},
               {"PID", Align::right},
               {"RESTARTS", Align::right},
               {"CPU", Align::right},
               {"MEMORY", Align::right},
               {"REASON"}});
  for (const Json& device : devices)
    table.row({text_of(device, "name"), text_of(device, "type"), state_cell(device),
               duration_text(number_of(device, "since_s")), amount(device, "pid"),
               count_text(count_of(device, "restarts")), cpu_text(number_of(device, "cpu_s")),
               memory_text(device), reason_text(device)});
  ctl.screen.print(table.empty() ? "no devices\n" : table.render(ctl.screen.style()));
  return {};
}

std::string ports_text(const Json& device, const Style& style) {
  Table ports({{"PORT"}, {"DIRECTION"}, {"TOPICS"}});
  for (const Json& port : list_of(device, "ports"))
    ports.row({text_of(port, "name"), text_of(port, "direction"), joined(list_of(port, "topics"))});
  return ports.empty() ? "" : "\n" + ports.render(style);
}

void print_device(Screen& screen, const Json& device) {
  Table table({{""}, {""}});
  const auto row = [&](const char* what, Cell cell) {
    if (!cell.text.empty()) table.row({{what, Tone::faint}, std::move(cell)});
  };
  row("name", text_of(device, "name"));
  row("type", text_of(device, "type"));
  row("state", state_cell(device));
  row("for", duration_text(number_of(device, "since_s")));
  row("reason", reason_text(device));
  if (field(device, "enabled").is_boolean())
    row("enabled", flag_of(device, "enabled") ? "yes" : "no");
  row("pid", amount(device, "pid"));
  row("incarnation", amount(device, "incarnation"));
  row("restarts", count_text(count_of(device, "restarts")));
  row("cpu", cpu_text(number_of(device, "cpu_s")));
  row("memory", memory_text(device));
  screen.print(table.render(screen.style()) + ports_text(device, screen.style()));
}

Called<> show_device(Ctl& ctl, const std::string& name) {
  DKVM_TRY(const Json device, whole_answer(ctl, "devices.get", {{"name", name}}, "ports"));
  if (ctl.screen.json()) {
    ctl.screen.document(device);
  } else {
    print_device(ctl.screen, device);
  }
  return {};
}

Called<> steer_device(Ctl& ctl, const std::string& name, const std::string& action) {
  DKVM_TRY(const Json device, ctl.kernel("devices." + action, {{"name", name}}));
  if (ctl.screen.json()) {
    ctl.screen.document(device);
    return {};
  }
  const std::string state = text_of(device, "state");
  const std::string reason = printable(reason_text(device));
  ctl.screen.print(fmt::format("{}: {}{}\n", printable(text_of(device, "name")),
                               ctl.screen.style().paint(printable(state), tone_of_state(state)),
                               reason.empty() ? "" : fmt::format(" ({})", reason)));
  return {};
}

struct DeviceOptions {
  std::string name;
  std::string action;
};

}  // namespace

void add_devices(CLI::App& app, Command& chosen) {
  app.add_subcommand("devices", "All devices")->group(kGroupLook)->callback([&chosen] {
    chosen = list_devices;
  });

  auto* device = app.add_subcommand("device", "One device: look at it, start, stop or restart it");
  const auto options = std::make_shared<DeviceOptions>();  // lives as long as the parser's callback
  device->group(kGroupLook);
  device->add_option("NAME", options->name, "as in kvm.yaml")->required()->type_name("DEVICE");
  device->add_option("ACTION", options->action, "start, stop or restart; without one: details")
      ->check(CLI::IsMember({"start", "stop", "restart"}));
  device->callback([&chosen, options] {
    chosen = [options](Ctl& ctl) {
      return options->action.empty() ? show_device(ctl, options->name)
                                     : steer_device(ctl, options->name, options->action);
    };
  });
}

}  // namespace dkvm::ctl
