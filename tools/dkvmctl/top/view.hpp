#pragma once

#include "tools/dkvmctl/overview.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace dkvm::ctl {

// The beginning of a line that takes no more than these columns; colours take none, and
// none goes on behind it.
std::string clipped(std::string_view line, std::size_t columns);

// A whole look for a screen of that size: the kernel, as many devices and edges as fit and
// how many more there are, and what the keys do. At most `rows` lines of at most `columns`.
std::string top_view(const Sample& now, const Rates& rates, SortBy by, const Style& style,
                     std::size_t columns, std::size_t rows);

}  // namespace dkvm::ctl
