#pragma once

#include <dkvm/detail/fd.hpp>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace dkvm::bench {

// How long a process's first thread has been ready to run and waited for a
// processor: what other programs cost it, and it does not cost itself.
class ProcessorWait {
 public:
  explicit ProcessorWait(pid_t pid)
      : file_(
            ::open(("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/schedstat")
                       .c_str(),
                   O_RDONLY | O_CLOEXEC)) {}

  // Since the process started; 0 when it is gone.
  std::uint64_t total_ns() const {
    std::array<char, 96> text{};
    if (::pread(file_.get(), text.data(), text.size() - 1, 0) <= 0) return 0;
    char* waited = nullptr;
    std::strtoull(text.data(), &waited, 10);  // the time on a processor
    return std::strtoull(waited, nullptr, 10);
  }

 private:
  detail::Fd file_;
};

}  // namespace dkvm::bench
