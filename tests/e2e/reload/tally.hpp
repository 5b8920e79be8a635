#pragma once

#include "tests/integration/control/child.hpp"

#include <cstdint>
#include <sstream>
#include <string>

namespace dkvm::test {

// What number_device has written: the last number, and how many were wrong.
struct Tally {
  std::int64_t last = 0;
  std::int64_t wrong = 0;

  static Tally of(const std::string& path) {
    Tally tally;
    std::istringstream(read_text(path)) >> tally.last >> tally.wrong;
    return tally;
  }
};

}  // namespace dkvm::test
