#pragma once

#include "tools/netlab/host.hpp"

#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

namespace dkvm::test {

// The value, or the end of the test with the error's words.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// False where this process may not make networks; ctest shows the test as skipped then.
inline bool networks_permitted() {
  const std::string reason = netlab::why_not();
  if (!reason.empty()) std::printf("SKIPPED: %s\n", reason.c_str());
  return reason.empty();
}

}  // namespace dkvm::test
