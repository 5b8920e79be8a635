#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::ctl {

struct Monitor {
  std::string name;
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
};

// What an X server says of itself.
struct Display {
  std::string name;                               // :0
  std::map<std::string, std::string> extensions;  // RANDR: 1.6; those that it has
  std::vector<Monitor> monitors;
};

// Asks by way of dkvm-x11-probe, which is installed beside the devices of X11: so that
// dkvmctl runs, and starts as fast, where there is no library of X.
// name: empty for DISPLAY of the environment.
// Errors: Errc::unsupported without that program, Errc::disconnected where no display
// opens, with the reason.
Result<Display> look_at_display(const std::string& name);

// `1.5` is at least 1.5, and 2.0 too.
bool at_least(const std::string& version, const std::string& wanted);

}  // namespace dkvm::ctl
