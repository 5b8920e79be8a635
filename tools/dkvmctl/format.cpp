#include "tools/dkvmctl/format.hpp"

#include <dkvm/config.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace dkvm::ctl {
namespace {

std::tm local_time(Time time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm broken_down{};
  ::localtime_r(&seconds, &broken_down);
  return broken_down;
}

long long millis_of(Time time) {
  using std::chrono::milliseconds;
  return std::chrono::floor<milliseconds>(time).time_since_epoch().count() -
         std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count() * 1000LL;
}

// Reads numbers and separators from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    int value = 0;
    if (rest_.size() < count) return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + count, value);
    if (error != std::errc{} || end != rest_.data() + count || value < 0) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }

  bool pass(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // `.123456`, as microseconds; finer digits are cut.
  std::chrono::microseconds fraction() {
    if (!pass('.')) return {};
    int micros = 0;
    int weight = 100'000;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1)) {
      micros += (rest_.front() - '0') * weight;
      weight /= 10;
    }
    return std::chrono::microseconds(micros);
  }

  // `Z`, or minutes that the clock is ahead of UTC.
  std::optional<std::chrono::minutes> zone() {
    if (pass('Z')) return std::chrono::minutes(0);
    const int sign = pass('+') ? 1 : pass('-') ? -1 : 0;
    if (sign == 0) return std::nullopt;
    const auto hours = digits(2);
    pass(':');
    const auto minutes = digits(2);
    if (!hours || !minutes) return std::nullopt;
    return std::chrono::minutes(sign * (*hours * 60 + *minutes));
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Characters that a terminal may act upon: C0, DEL, and C1 in UTF-8.
bool steers_terminal(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x20 || c == 0x7F) return true;
  if (c != 0xC2 || at + 1 >= text.size()) return false;
  const auto next = static_cast<unsigned char>(text[at + 1]);
  return next >= 0x80 && next < 0xA0;
}

}  // namespace

std::string count_text(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at != 0 && (digits.size() - at) % 3 == 0) text += ',';
    text += digits[at];
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1023.95 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string rate_text(double per_second) {
  if (per_second <= 0) return "0";
  if (per_second < 9.95) return fmt::format("{:.1f}", per_second);
  return count_text(static_cast<std::uint64_t>(per_second + 0.5));
}

std::string share_text(double share) { return fmt::format("{:.1f} %", share * 100); }

std::string micros_text(double micros) {
  if (micros < 999.5) return fmt::format("{:.0f} µs", micros);
  if (micros < 999'950) return fmt::format("{:.1f} ms", micros / 1e3);
  return fmt::format("{:.1f} s", micros / 1e6);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, std::min(seconds, 1e12)));
  const std::uint64_t minutes = whole / 60;
  const std::uint64_t hours = minutes / 60;
  if (whole < 60) return fmt::format("{}s", whole);
  if (minutes < 60) return fmt::format("{}m {}s", minutes, whole % 60);
  if (hours < 24) return fmt::format("{}h {}m", hours, minutes % 60);
  return fmt::format("{}d {}h", hours / 24, hours % 24);
}

std::string cpu_text(double seconds) {
  return seconds < 60 ? fmt::format("{:.2f}s", seconds) : duration_text(seconds);
}

std::optional<Time> parse_time(std::string_view iso) {
  Reader reader(iso);
  const auto year = reader.digits(4);
  const bool date = year && reader.pass('-');
  const auto month = reader.digits(2);
  const bool dashed = date && reader.pass('-');
  const auto day = reader.digits(2);
  const bool dated = dashed && month && day && (reader.pass('T') || reader.pass(' '));
  const auto hour = reader.digits(2);
  const bool hours = dated && hour && reader.pass(':');
  const auto minute = reader.digits(2);
  const bool minutes = hours && minute && reader.pass(':');
  const auto second = reader.digits(2);
  if (!minutes || !second) return std::nullopt;
  const auto fraction = reader.fraction();
  const auto zone = reader.zone();
  const std::chrono::year_month_day calendar{std::chrono::year(*year),
                                             std::chrono::month(static_cast<unsigned>(*month)),
                                             std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !reader.at_end() || !calendar.ok() || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  return Time(std::chrono::sys_days(calendar) + std::chrono::hours(*hour) +
              std::chrono::minutes(*minute) + std::chrono::seconds(*second) + fraction - *zone);
}

std::string ago_text(Time time, Time now) {
  const double seconds = std::chrono::duration<double>(now - time).count();
  return seconds < 1 ? "just now" : duration_text(seconds) + " ago";
}

std::string local_date_text(Time time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}", local_time(time), millis_of(time));
}

std::string local_clock_text(Time time) {
  return fmt::format("{:%H:%M:%S}.{:03}", local_time(time), millis_of(time));
}

std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text) {
  auto duration = ConfigReader::parse_duration(text);
  if (!duration) duration = ConfigReader::parse_duration(std::string(text) + "s");
  if (!duration) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\t') {
      out += "  ";
    } else if (steers_terminal(text, at)) {
      const bool two_bytes = static_cast<unsigned char>(text[at]) == 0xC2;
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[two_bytes ? ++at : at]));
    } else {
      out += text[at];
    }
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++width;
  return width;
}

}  // namespace dkvm::ctl
