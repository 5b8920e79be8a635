#pragma once

#include <dkvm/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "kernel/log/level.hpp"

namespace dkvm {

// Cuts a stream of bytes into log lines, pure. `<N>` in front of a line is its
// level, a line without is `info`. When a line exceeds kLogLineBytesMax its
// rest is dropped up to the next newline, and the line says how much that was.
class LineSplitter {
 public:
  using Sink = std::function<void(RecordLevel, std::string_view)>;

  explicit LineSplitter(Sink sink, std::size_t line_bytes_max = kLogLineBytesMax)
      : sink_(std::move(sink)), line_bytes_max_(line_bytes_max) {}

  void feed(std::string_view bytes);
  // The stream has ended: what has no newline is a line too.
  void finish();

  std::uint64_t cut_bytes() const { return cut_bytes_; }

 private:
  void append(std::string_view part);
  void emit();

  Sink sink_;
  std::size_t line_bytes_max_;
  std::string line_;  // capacity is given back after a long line
  std::uint64_t cut_of_line_ = 0;
  std::uint64_t cut_bytes_ = 0;
};

// `text` with control characters as \xNN and broken UTF-8 as U+FFFD: safe for
// a terminal and for JSON.
std::string printable(std::string_view text);

}  // namespace dkvm
