#pragma once

#include <dkvm/detail/mapping_linux.hpp>
#include <dkvm/result.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace dkvm::bench {

// How far a sink has come, seen by its source aside from what is measured: a word of
// a file that both map.
class Progress {
 public:
  // path: of a file that is made when it is not there.
  static Result<Progress> open(const std::string& path) {
    const detail::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file || ::ftruncate(file.get(), kBytes) != 0)
      return fail(Errc::exhausted, "making " + path);
    Progress progress;
    DKVM_TRY(progress.memory_, detail::Mapping::of(file, kBytes, detail::Access::write));
    return progress;
  }

  std::uint64_t get() const { return word().load(std::memory_order_acquire); }
  void set(std::uint64_t number) const { word().store(number, std::memory_order_release); }

 private:
  static constexpr std::size_t kBytes = 4096;

  std::atomic_ref<std::uint64_t> word() const {
    return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(memory_.bytes().data()));
  }

  detail::Mapping memory_;
};

}  // namespace dkvm::bench
