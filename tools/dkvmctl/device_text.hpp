#pragma once

#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/json.hpp"

#include <fmt/format.h>

#include <string>

namespace dkvm::ctl {

// Why a device is in its state and, in backoff, when it is started again.
inline std::string reason_text(const Json& device) {
  std::string text = text_of(device, "reason");
  const bool disabled = field(device, "enabled").is_boolean() && !flag_of(device, "enabled");
  if (disabled && text.empty() && text_of(device, "state") == "stopped") return "not enabled";
  const double next_start_s = number_of(device, "next_start_s");
  if (next_start_s <= 0) return text;
  if (!text.empty()) text += ", ";
  return text + "next start in " +
         (next_start_s < 1 ? fmt::format("{:.1f}s", next_start_s) : duration_text(next_start_s));
}

}  // namespace dkvm::ctl
