#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/log/lines.hpp"
#include "kernel/log/rate.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/loop/unique_fd.hpp"

namespace dkvm {

// Reads a device's stderr into lines. Over its rate the pipe is simply read
// later, so the device waits in write() and nothing is lost; each such wait is
// counted.
class StderrReader {
 public:
  // Takes `fd`, the reading end of the pipe.
  StderrReader(Loop& loop, UniqueFd fd, LogRate rate, LineSplitter::Sink sink);

  // Reads what the pipe still holds, over the rate too, and ends the last line:
  // for a device that has died. Its descendants may hold the other end, so no
  // end of file is awaited.
  void drain();

  std::uint64_t delays() const { return rate_.delays(); }
  std::uint64_t cut_bytes() const { return lines_.cut_bytes(); }

 private:
  void on_readable();
  // False when there is nothing to read now, or never again.
  bool read_some(std::size_t bytes_max);

  LineSplitter lines_;
  RateLimit rate_;
  UniqueFd fd_;
  bool ended_ = false;
  Timer timer_;
  Poll poll_;  // goes before fd_
};

}  // namespace dkvm
