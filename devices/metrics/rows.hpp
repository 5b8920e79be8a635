#pragma once

#include "devices/metrics/answer.hpp"
#include "devices/metrics/families.hpp"

#include <set>
#include <string>
#include <utility>

namespace dkvm::metrics {

// Calls back for each item of a list that is named for the first time, up to a number of
// them; the rest is counted as left out.
template <class NameOf, class Row>
void each_row(const Json& list, std::size_t rows_max, std::string_view what, LeftOut& left_out,
              NameOf name_of, Row row) {
  std::set<std::string> seen;
  for (const Json& item : list) {
    if (!seen.insert(name_of(item)).second) continue;
    if (seen.size() > rows_max)
      ++left_out[what];
    else
      row(item);
  }
}

// A name made of several, whatever is in them.
template <class... Parts>
std::string joined(const Parts&... parts) {
  std::string name;
  ((name.append(parts).push_back('\0')), ...);
  return name;
}

}  // namespace dkvm::metrics
