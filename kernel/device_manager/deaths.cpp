#include "kernel/device_manager/deaths.hpp"

#include <algorithm>

namespace dkvm {
namespace {

std::size_t log_bytes(const Death& death) {
  std::size_t bytes = 0;
  for (const std::string& line : death.log) bytes += sizeof(std::string) + line.size();
  return bytes;
}

std::size_t cost(const Death& death) {
  return sizeof(Death) + death.device.size() + death.reason.size() + log_bytes(death);
}

// Keeps the last lines that fit.
void cut_log(std::vector<std::string>& log) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  while (kept < log.size() && kept < kDeathLogLinesMax) {
    bytes += log[log.size() - 1 - kept].size();
    if (bytes > kDeathLogBytesMax) break;
    ++kept;
  }
  log.erase(log.begin(), log.end() - static_cast<std::ptrdiff_t>(kept));
}

}  // namespace

void Deaths::add(Death death) {
  const auto same = [&](const Death& other) { return other.device == death.device; };
  if (std::count_if(deaths_.begin(), deaths_.end(), same) >=
      static_cast<std::ptrdiff_t>(kDeathsPerDeviceMax))
    drop(std::find_if(deaths_.begin(), deaths_.end(), same));
  death.sequence = next_++;
  cut_log(death.log);
  bytes_ += cost(death);
  deaths_.push_back(std::move(death));
  fit();
}

void Deaths::drop(std::deque<Death>::iterator death) {
  bytes_ -= cost(*death);
  deaths_.erase(death);
}

void Deaths::fit() {
  for (auto death = deaths_.begin(); bytes_ > bytes_max_ && death != deaths_.end(); ++death) {
    bytes_ -= log_bytes(*death);
    death->log.clear();
    death->log.shrink_to_fit();
  }
  while (bytes_ > bytes_max_ && !deaths_.empty()) drop(deaths_.begin());
}

std::vector<Death> Deaths::of(std::string_view device) const {
  std::vector<Death> found;
  for (const Death& death : deaths_)
    if (device.empty() || death.device == device) found.push_back(death);
  return found;
}

}  // namespace dkvm
