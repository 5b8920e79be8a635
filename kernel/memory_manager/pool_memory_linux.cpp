#include "kernel/memory_manager/pool_memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dkvm {
namespace {

constexpr int kSizeSeals = F_SEAL_GROW | F_SEAL_SHRINK;
constexpr int kAllSeals = kSizeSeals | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

Error system_error(std::string_view what) {
  return Error(Errc::exhausted, fmt::format("{}: {}", what, std::strerror(errno)));
}

// Whoever lets go of it last may free its pages: the worker does.
std::shared_ptr<const UniqueFd> share(int fd, Worker& worker) {
  const auto close = [&worker](UniqueFd* owned) {
    const int raw = owned->release();
    delete owned;
    const auto close_raw = [raw] { ::close(raw); };
    if (raw >= 0 && !worker.post(close_raw)) close_raw();
  };
  return {new UniqueFd(fd), close};
}

class Memfd final : public PoolMemory {
 public:
  Memfd(int fd, Worker& worker) : fd_(share(fd, worker)), worker_(worker) {}

  std::shared_ptr<const UniqueFd> writable() const override { return fd_; }

  Result<> seal() override {
    // A producer that has sealed it itself may have refused us the rest.
    const int fd = fd_->get();
    const bool sealed = ::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (!sealed || seals != kAllSeals)
      return fail(Errc::denied, fmt::format("it has sealed the memory itself: its seals are {:#x}, "
                                            "expected {:#x}",
                                            seals, kAllSeals));
    // Opened anew, as the access of a descriptor cannot be taken away.
    const int reading = ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDONLY | O_CLOEXEC);
    if (reading < 0) return fail(system_error("opening its memory for consumers"));
    fd_ = share(reading, worker_);
    return {};
  }

  std::shared_ptr<const UniqueFd> readable() const override { return fd_; }

 private:
  std::shared_ptr<const UniqueFd> fd_;  // shared with frames that wait to be sent
  Worker& worker_;
};

}  // namespace

Result<std::unique_ptr<PoolMemory>> make_memfd(std::uint32_t pool, std::uint64_t bytes,
                                               Worker& worker) {
  const std::string label = fmt::format("dkvm-pool-{}", pool);
  const int fd = ::memfd_create(label.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return fail(system_error("making a memfd"));
  auto memory = std::make_unique<Memfd>(fd, worker);
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0 || ::fcntl(fd, F_ADD_SEALS, kSizeSeals) != 0)
    return fail(system_error(fmt::format("giving a memfd {} bytes", bytes)));
  return memory;
}

std::uint64_t page_bytes() {
  static const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace dkvm
