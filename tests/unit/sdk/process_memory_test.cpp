#include <dkvm/process_memory.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstring>

using namespace dkvm;

TEST_CASE("the memory of a process is what it has touched") {
  constexpr std::size_t kBytes = 32 * 1024 * 1024;
  const auto before = read_process_memory(::getpid());
  REQUIRE(before);
  void* const pages =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(pages != MAP_FAILED);
  std::memset(pages, 1, kBytes);
  const auto after = read_process_memory(::getpid());
  ::munmap(pages, kBytes);
  REQUIRE(after);
  const auto in_all = [](const ProcessMemory& memory) {
    return memory.pss_bytes + memory.swap_bytes;
  };
  CHECK(in_all(*after) >= in_all(*before) + kBytes / 2);
  CHECK(after->pss_bytes <= after->rss_bytes);
}

TEST_CASE("there is no memory of a process that there is not") {
  CHECK_FALSE(read_process_memory(0));
  CHECK_FALSE(read_process_memory(-1));
}
