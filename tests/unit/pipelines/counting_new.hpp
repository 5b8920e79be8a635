#pragma once

#include <cstdint>

namespace dkvm::test {

// How often this program has called operator new.
extern std::uint64_t allocations;

}  // namespace dkvm::test
