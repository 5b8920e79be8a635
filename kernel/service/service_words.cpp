#include "kernel/service/service_words.hpp"

#include "kernel/log/lines.hpp"
#include "kernel/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace dkvm {
namespace {

constexpr std::size_t kReasonBytesMax = 80;  // of one device, so that others have room too
constexpr std::string_view kMore = "…";

bool in_trouble(const DeviceSnapshot& device) {
  return device.state == RunState::degraded || device.state == RunState::backoff ||
         device.state == RunState::failed;
}

// `text` of so many bytes at most, cut between characters.
std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text.append(kMore);
}

template <class Number>
std::optional<Number> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  Number value{};
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
  if (error != std::errc() || end != digits.end()) return std::nullopt;
  return value;
}

}  // namespace

bool all_begun(std::span<const DeviceSnapshot> devices) {
  return std::ranges::none_of(devices, [](const DeviceSnapshot& device) {
    const bool first = device.restarts == 0;
    return (device.wanted && first && device.state == RunState::starting) ||
           (device.wanted && device.state == RunState::stopped);
  });
}

std::string status_line(std::span<const DeviceSnapshot> devices, std::string_view refusal) {
  const auto running = std::ranges::count(devices, RunState::running, &DeviceSnapshot::state);
  const auto wanted = std::ranges::count_if(devices, [](const DeviceSnapshot& device) {
    return device.wanted && device.state != RunState::finished;
  });
  std::string line =
      running == wanted
          ? fmt::format("{} {}", count_of(static_cast<std::uint64_t>(wanted), "device"),
                        wanted == 1 ? "runs" : "run")
          : fmt::format("{} of {} run", running,
                        count_of(static_cast<std::uint64_t>(wanted), "device"));
  if (!refusal.empty())
    line += fmt::format("; the last reload failed: {}",
                        cut(printable(refusal.substr(0, refusal.find('\n'))), kReasonBytesMax));
  const char* before = "; in trouble: ";
  for (const DeviceSnapshot& device : devices) {
    if (!in_trouble(device)) continue;
    line += fmt::format("{}{} ({}{}{})", before, device.name, name(device.state),
                        device.reason.empty() ? "" : ": ",
                        cut(printable(device.reason), kReasonBytesMax));
    before = ", ";
  }
  return cut(std::move(line), kStatusBytesMax);
}

std::optional<Duration> watchdog_interval(const char* usec, const char* pid, long own_pid) {
  const auto whole = number<std::int64_t>(usec);
  if (!whole || *whole <= 0) return std::nullopt;
  if (pid != nullptr && *pid != '\0' && number<long>(pid) != own_pid) return std::nullopt;
  return std::chrono::microseconds(*whole) / 2;
}

}  // namespace dkvm
