#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/log/level.hpp"

namespace dkvm {

struct LogRecord {
  std::uint64_t sequence = 0;  // from 1, without holes
  std::int64_t wall_ns = 0;    // since 1970, UTC
  RecordLevel level = RecordLevel::info;
  std::string device;  // empty: the kernel itself
  std::string text;    // one line, printable UTF-8
};

// Which records a reader wants.
struct LogFilter {
  enum class Source : std::uint8_t { all, kernel, devices };

  RecordLevel level = RecordLevel::debug;
  Source source = Source::all;
  std::string device;  // only this device; empty: what `source` says
  bool matches(const LogRecord& record) const;
};

struct LogPage {
  std::vector<LogRecord> records;
  std::uint64_t next_after = 0;  // ask with this for what follows
  std::uint64_t lost = 0;        // records after `after` that the ring had already dropped
  bool more = false;             // it ends before the newest record: ask on at once
};

inline constexpr std::size_t kLogRingBytesDefault = 8 * 1024 * 1024;
inline constexpr std::size_t kLogRingRecordsDefault = 20'000;
inline constexpr std::size_t kLogPageRecordsMax = 1024;
// As JSON a record takes at most twice its bytes: a page fits an answer.
inline constexpr std::size_t kLogPageBytesMax = 24 * 1024;
inline constexpr std::size_t kLogScanRecordsMax = 100'000;  // looked at for one page

// The last records of the kernel and of all devices, in the order of arrival.
// When full: the oldest go; a reader that was too slow is told how many.
class LogRing {
 public:
  explicit LogRing(std::size_t bytes_max = kLogRingBytesDefault,
                   std::size_t records_max = kLogRingRecordsDefault)
      : bytes_max_(bytes_max), records_max_(records_max) {}

  // Keeps as many from now on; what is too much goes at once.
  void limit(std::size_t bytes_max, std::size_t records_max);

  // Numbers the record and keeps it; a record larger than the ring is cut.
  // Life: the reference is valid until the next append.
  const LogRecord& append(LogRecord record);

  // Up to a page of what follows sequence `after` (0: from the oldest kept) and
  // matches. A record larger than a page is cut and says so. A page may be
  // empty and have `more`: so many records in a row did not match.
  LogPage read(std::uint64_t after, const LogFilter& filter,
               std::size_t records_max = kLogPageRecordsMax,
               std::size_t bytes_max = kLogPageBytesMax) const;

  // The `after` with which read() begins at the last `count` records that match,
  // or at the first of them within kLogScanRecordsMax of the newest.
  std::uint64_t before_last(std::size_t count, const LogFilter& filter) const;

  // The last texts of one device, oldest first, of at most bytes_max in all;
  // the newest is cut when it alone is longer. Only those after sequence `after`.
  std::vector<std::string> tail(std::string_view device, std::size_t lines_max,
                                std::size_t bytes_max, std::uint64_t after = 0) const;

  std::uint64_t last_sequence() const { return next_ - 1; }
  std::size_t bytes() const { return bytes_; }
  std::size_t records() const { return records_.size(); }

 private:
  void drop_oldest();

  std::size_t bytes_max_;
  std::size_t records_max_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
  std::deque<LogRecord> records_;
};

}  // namespace dkvm
