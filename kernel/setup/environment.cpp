#include "kernel/setup/environment.hpp"

#include <dkvm/limits.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string_view>

extern char** environ;

namespace dkvm {
namespace {

constexpr auto kInherited = std::to_array<std::string_view>({"PATH",
                                                             "HOME",
                                                             "USER",
                                                             "LOGNAME",
                                                             "LANG",
                                                             "TZ",
                                                             "TMPDIR",
                                                             "DISPLAY",
                                                             "XAUTHORITY",
                                                             "WAYLAND_DISPLAY",
                                                             "XDG_RUNTIME_DIR",
                                                             "XDG_CONFIG_HOME",
                                                             "XDG_SESSION_TYPE",
                                                             "DBUS_SESSION_BUS_ADDRESS",
                                                             "PULSE_SERVER",
                                                             "PULSE_COOKIE",
                                                             "PIPEWIRE_RUNTIME_DIR",
                                                             "PIPEWIRE_REMOTE",
                                                             "LD_LIBRARY_PATH",
                                                             "ASAN_OPTIONS",
                                                             "UBSAN_OPTIONS",
                                                             "TSAN_OPTIONS",
                                                             "PYTHONPATH",
                                                             "DKVM_IDENTITY"});

bool is_inherited(std::string_view name) {
  return name.starts_with("LC_") || std::ranges::find(kInherited, name) != kInherited.end();
}

}  // namespace

std::span<const std::string_view> inherited_names() { return kInherited; }

std::vector<std::string> inherited_environment() {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (is_inherited(variable.substr(0, variable.find('=')))) variables.emplace_back(variable);
  }
  return variables;
}

std::vector<std::string> process_environment(const std::map<std::string, std::string>& own,
                                             const std::string& device,
                                             const KernelConfig& kernel) {
  std::map<std::string, std::string> all = own;
  all["DKVM_DEVICE"] = device;
  all["DKVM_KERNEL"] = kernel.name;
  all["DKVM_RUNTIME_DIR"] = kernel.runtime_dir;
  for (const std::string& variable : inherited_environment()) {
    const std::size_t equals = variable.find('=');
    all.try_emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  std::vector<std::string> variables;
  for (const auto& [name, value] : all) variables.push_back(name + '=' + value);
  return variables;
}

}  // namespace dkvm
