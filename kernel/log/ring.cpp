#include "kernel/log/ring.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm {
namespace {

std::size_t cost(const LogRecord& record) {
  return sizeof(LogRecord) + record.device.size() + record.text.size();
}

// Shortens a text that is valid UTF-8 so that it stays valid.
void cut_text(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  text.resize(bytes_max);
}

void cut_record(LogRecord& record, std::size_t cost_max) {
  const std::size_t rest = cost(record) - record.text.size();
  cut_text(record.text, cost_max - std::min(rest, cost_max));
}

// The record as a page shows it.
LogRecord shown(const LogRecord& record, std::size_t cost_max) {
  LogRecord copy = record;
  cut_record(copy, cost_max);
  if (const std::size_t cut = record.text.size() - copy.text.size(); cut != 0)
    copy.text += fmt::format(" [{} bytes cut]", cut);
  return copy;
}

}  // namespace

bool LogFilter::matches(const LogRecord& record) const {
  if (!passes(record.level, level)) return false;
  if (!device.empty()) return record.device == device;
  return source == Source::all || (source == Source::kernel) == record.device.empty();
}

const LogRecord& LogRing::append(LogRecord record) {
  record.sequence = next_++;
  cut_record(record, bytes_max_);
  bytes_ += cost(record);
  records_.push_back(std::move(record));
  drop_oldest();
  return records_.back();
}

void LogRing::limit(std::size_t bytes_max, std::size_t records_max) {
  bytes_max_ = bytes_max;
  records_max_ = records_max;
  drop_oldest();
}

// The newest stays, whatever its size.
void LogRing::drop_oldest() {
  while ((bytes_ > bytes_max_ || records_.size() > records_max_) && records_.size() > 1) {
    bytes_ -= cost(records_.front());
    records_.pop_front();
  }
}

LogPage LogRing::read(std::uint64_t after, const LogFilter& filter, std::size_t records_max,
                      std::size_t bytes_max) const {
  LogPage page;
  const std::uint64_t first = records_.empty() ? next_ : records_.front().sequence;
  if (after != 0 && after + 1 < first) page.lost = first - after - 1;
  page.next_after = std::max(after, first - 1);
  std::size_t bytes = 0;
  const std::size_t skip = static_cast<std::size_t>(
      std::min<std::uint64_t>(page.next_after - (first - 1), records_.size()));
  const std::size_t end = std::min(records_.size(), skip + kLogScanRecordsMax);
  for (std::size_t at = skip; at < end && page.records.size() < records_max; ++at) {
    const LogRecord& record = records_[at];
    if (filter.matches(record)) {
      bytes += cost(record);
      if (bytes > bytes_max && !page.records.empty()) break;
      page.records.push_back(shown(record, bytes_max));
    }
    page.next_after = record.sequence;
  }
  page.more = page.next_after < last_sequence();
  return page;
}

std::uint64_t LogRing::before_last(std::size_t count, const LogFilter& filter) const {
  const std::size_t scanned = std::min(records_.size(), kLogScanRecordsMax);
  std::uint64_t after = last_sequence();
  std::size_t found = 0;
  for (std::size_t back = 1; back <= scanned && found < count; ++back) {
    const LogRecord& record = records_[records_.size() - back];
    if (!filter.matches(record)) continue;
    after = record.sequence - 1;
    ++found;
  }
  return after;
}

std::vector<std::string> LogRing::tail(std::string_view device, std::size_t lines_max,
                                       std::size_t bytes_max, std::uint64_t after) const {
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  for (auto record = records_.rbegin(); record != records_.rend() && lines.size() < lines_max;
       ++record) {
    if (record->sequence <= after) break;
    if (record->device != device) continue;
    // The last words are the most telling: cut rather than left out.
    if (lines.empty() && record->text.size() > bytes_max) {
      lines.push_back(record->text.substr(0, bytes_max));
      break;
    }
    bytes += record->text.size();
    if (bytes > bytes_max) break;
    lines.push_back(record->text);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace dkvm
