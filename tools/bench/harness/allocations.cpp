#include "tools/bench/harness/allocations.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace dkvm::bench {

Result<AllocationCounter> AllocationCounter::make(const TemporaryFolder& folder) {
  std::string path = folder.file("allocations");
  const detail::Fd fd(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
    return fail(Errc::exhausted, "making " + path + ": " + std::strerror(errno));
  void* const memory = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED)
    return fail(Errc::exhausted, "mapping " + path + ": " + std::strerror(errno));
  return AllocationCounter(std::move(path), memory);
}

AllocationCounter::~AllocationCounter() {
  if (counter_ != nullptr) ::munmap(counter_, static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
}

std::vector<std::string> AllocationCounter::environment() const {
  return {std::string(kAllocationsVariable) + "=" + path_};
}

std::uint64_t AllocationCounter::count() const {
  return static_cast<const std::atomic<std::uint64_t>*>(counter_)->load();
}

}  // namespace dkvm::bench
