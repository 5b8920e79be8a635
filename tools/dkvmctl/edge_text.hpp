#pragma once

#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/json.hpp"

#include <fmt/format.h>

#include <string>

namespace dkvm::ctl {

// `keyboard/keyboard → typed/keyboard`.
inline std::string way_text(const Json& edge) {
  return fmt::format("{} → {}", text_of(edge, "from"), text_of(edge, "to"));
}

// `85 µs / 1.2 ms`: half are faster than the first, 1 in 100 is slower than
// the second. Empty where nothing was measured.
inline std::string latency_text(const Json& edge, const char* hop) {
  const Json& latency = field(field(edge, "latency"), hop);
  if (count_of(latency, "count") == 0) return {};
  return fmt::format("{} / {}", micros_text(number_of(latency, "p50_us")),
                     micros_text(number_of(latency, "p99_us")));
}

}  // namespace dkvm::ctl
