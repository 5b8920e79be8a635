#pragma once

#include <cstdio>
#include <cstdlib>

namespace dkvm::detail {

// Ends the process when a belief of our own code is wrong. Never for input.
inline void expect(bool holds, const char* belief) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "<2>pipelines: broken invariant: %s\n", belief);
  std::abort();
}

}  // namespace dkvm::detail
