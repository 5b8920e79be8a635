#include "kernel/log/log.hpp"

#include <fmt/chrono.h>

#include "kernel/log/lines.hpp"
#include "kernel/log/output.hpp"
#include "kernel/loop/clock.hpp"

namespace dkvm {

Log::Log(LogOptions options)
    : level_(options.level),
      ring_(options.ring_bytes, options.ring_records),
      output_(std::make_unique<detail::LogOutput>()) {}

Log::~Log() = default;

void Log::write(RecordLevel level, std::string_view device, std::string_view text) {
  if (!passes(level, level_)) return;
  const LogRecord& record =
      ring_.append({0, wall_ns(), level, std::string(device), printable(text)});
  line_.clear();
  format_record(record, line_);
  output_->write(line_);
  if (listener_) listener_(record);
}

Result<> Log::open_file(std::string path) { return output_->open(std::move(path)); }

void Log::close_file() { output_->close(); }

void Log::reopen() { output_->reopen(); }

void format_record(const LogRecord& record, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{} {:<7} ", format_time(record.wall_ns),
                 name(record.level));
  if (record.device.empty())
    fmt::format_to(std::back_inserter(out), "kernel: {}", record.text);
  else
    fmt::format_to(std::back_inserter(out), "device {}: {}", record.device, record.text);
}

}  // namespace dkvm
