#include "tests/unit/pipelines/counting_new.hpp"

#include <cstdlib>
#include <new>

namespace dkvm::test {

std::uint64_t allocations = 0;

}  // namespace dkvm::test

// In a file of their own, so that no caller sees into them.
void* operator new(std::size_t bytes) {
  ++dkvm::test::allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++dkvm::test::allocations;
  return std::malloc(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
