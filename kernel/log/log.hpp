#pragma once

#include <dkvm/result.hpp>

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/log/level.hpp"
#include "kernel/log/ring.hpp"
#include "kernel/log/time.hpp"

namespace dkvm {

namespace detail {
class LogOutput;
}

struct LogOptions {
  RecordLevel level = RecordLevel::info;
  std::size_t ring_bytes = kLogRingBytesDefault;
  std::size_t ring_records = kLogRingRecordsDefault;
};

// The one log of a kernel: its own records and those of its devices, in one
// ring and one format.
//   2026-11-20T09:00:00.123Z info  kernel: text
//   2026-11-20T09:00:00.123Z info  device kbd0: text
// Never blocks: what a slow terminal or pipe does not take is dropped there,
// counted and said later; the ring has it all the same.
// Life: loop thread only.
class Log {
 public:
  using Listener = std::function<void(const LogRecord&)>;

  explicit Log(LogOptions options);  // to stderr
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Writes to this file from now on.
  // Errors: Errc::denied, naming the file and why; lines go where they went.
  Result<> open_file(std::string path);

  // Writes to stderr from now on.
  void close_file();

  // Opens the file anew, after a rotation; when that fails the lines go to
  // stderr until the next time, which is said there once.
  void reopen();

  // Keeps and writes one line; what is not printable in `text` is escaped.
  // An empty `device` is the kernel itself. Records beyond the level vanish.
  void write(RecordLevel level, std::string_view device, std::string_view text);

  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    write_kernel(RecordLevel::error, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    write_kernel(RecordLevel::warning, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    write_kernel(RecordLevel::info, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    write_kernel(RecordLevel::debug, format, std::forward<Args>(args)...);
  }

  RecordLevel level() const { return level_; }
  void set_level(RecordLevel level) { level_ = level; }
  const LogRing& ring() const { return ring_; }
  void limit_ring(std::size_t bytes_max, std::size_t records_max) {
    ring_.limit(bytes_max, records_max);
  }

  // Told of each record that was kept, after it was; for `logs -f`. Must not write.
  void on_record(Listener listener) { listener_ = std::move(listener); }

 private:
  template <class... Args>
  void write_kernel(RecordLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (passes(level, level_)) write(level, {}, fmt::format(format, std::forward<Args>(args)...));
  }

  RecordLevel level_;
  LogRing ring_;
  std::unique_ptr<detail::LogOutput> output_;
  Listener listener_;
  std::string line_;
};

// A record as the log's line, without the newline.
void format_record(const LogRecord& record, std::string& out);

}  // namespace dkvm
