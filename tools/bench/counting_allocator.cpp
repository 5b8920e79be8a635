// Linked into dkvm-kernel-counting: counts every allocation of the program, in
// a file that dkvm-bench reads while it runs. operator new ends in malloc.

#include "tools/bench/harness/allocations.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

std::atomic<std::uint64_t> own_counter{0};  // until the file is mapped, and without one
std::atomic<std::uint64_t>* counter = &own_counter;

void count() { counter->fetch_add(1, std::memory_order_relaxed); }

[[gnu::constructor]] void map_counter() {
  const char* const path = std::getenv(dkvm::bench::kAllocationsVariable);
  const int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* const memory = ::mmap(nullptr, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory != MAP_FAILED) counter = static_cast<std::atomic<std::uint64_t>*>(memory);
}

}  // namespace

// glibc's allocator by its other names; the names that a program calls are ours.
extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  count();
  return __libc_malloc(bytes);
}

void* calloc(std::size_t elements, std::size_t bytes) {
  count();
  return __libc_calloc(elements, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  count();
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}

}  // extern "C"
