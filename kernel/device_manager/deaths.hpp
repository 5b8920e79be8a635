#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/device_manager/death_kind.hpp"
#include "kernel/device_manager/process.hpp"
#include "kernel/loop/clock.hpp"

namespace dkvm {

inline constexpr std::size_t kDeathsPerDeviceMax = 100;
inline constexpr std::size_t kDeathBytesMax = 1024 * 1024;  // of all devices together
inline constexpr std::size_t kDeathLogLinesMax = 50;
inline constexpr std::size_t kDeathLogBytesMax = 8 * 1024;

// One end of a process that was no clean goodbye.
struct Death {
  std::uint64_t sequence = 0;  // from 1
  std::int64_t wall_ns = 0;
  std::string device;
  std::uint32_t incarnation = 0;
  Duration lived{0};  // of its process
  std::string reason;
  DeathKind kind = DeathKind::exit;
  ExitStatus status;
  std::vector<std::string> log;  // the lines before it, oldest first
};

// The last deaths of every device. When a device has its maximum, its oldest
// goes; over the byte budget the log lines of the oldest deaths go first, then
// the oldest deaths.
class Deaths {
 public:
  explicit Deaths(std::size_t bytes_max = kDeathBytesMax) : bytes_max_(bytes_max) {}

  void add(Death death);

  // Oldest first; of all devices when `device` is empty.
  std::vector<Death> of(std::string_view device = {}) const;

  std::size_t bytes() const { return bytes_; }

 private:
  void drop(std::deque<Death>::iterator death);
  void fit();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
  std::deque<Death> deaths_;
};

}  // namespace dkvm
