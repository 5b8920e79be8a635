#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace dkvm::detail {

// How the calling thread is scheduled among others: its niceness, and the slices
// it asks for (0: as long as the system likes; since Linux 6.12 they have an
// effect). False, with errno, when the system refuses.
// Source: sched_setattr(2); glibc 2.36 has the call's number only, and the system's
//         header of this struct does not go with <sched.h>
inline bool set_scheduling(int nice, std::uint64_t slice_ns) {
  struct {
    std::uint32_t size;
    std::uint32_t sched_policy;  // 0: SCHED_OTHER
    std::uint64_t sched_flags;
    std::int32_t sched_nice;
    std::uint32_t sched_priority;
    std::uint64_t sched_runtime;  // ns
    std::uint64_t sched_deadline;
    std::uint64_t sched_period;
  } wanted{};
  wanted.size = sizeof(wanted);
  wanted.sched_nice = nice;
  wanted.sched_runtime = slice_ns;
  return ::syscall(SYS_sched_setattr, 0, &wanted, 0) == 0;
}

}  // namespace dkvm::detail
