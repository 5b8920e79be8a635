#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/style.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>

using namespace dkvm::ctl;
using namespace std::chrono_literals;

TEST_CASE("counts have commas") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(1234567) == "1,234,567");
  CHECK(count_text(UINT64_MAX) == "18,446,744,073,709,551,615");
}

TEST_CASE("bytes have the unit that reads best") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1024) == "1.0 KiB");
  CHECK(bytes_text(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(bytes_text(12'897'485) == "12.3 MiB");
  CHECK(bytes_text(UINT64_MAX) == "16777216.0 TiB");
}

TEST_CASE("latencies have the unit that reads best") {
  CHECK(micros_text(0) == "0 µs");
  CHECK(micros_text(84.6) == "85 µs");
  CHECK(micros_text(999.6) == "1.0 ms");
  CHECK(micros_text(1210) == "1.2 ms");
  CHECK(micros_text(999'960) == "1.0 s");
}

TEST_CASE("durations have their two largest units") {
  CHECK(duration_text(-1) == "0s");
  CHECK(duration_text(59.9) == "59s");
  CHECK(duration_text(185) == "3m 5s");
  CHECK(duration_text(2 * 3600 + 600) == "2h 10m");
  CHECK(duration_text(4 * 86400 + 3 * 3600) == "4d 3h");
  CHECK(cpu_text(1.234) == "1.23s");
  CHECK(cpu_text(61) == "1m 1s");
}

TEST_CASE("times are read with their fraction and zone") {
  const auto plain = parse_time("2026-01-02T03:04:05Z");
  REQUIRE(plain);
  CHECK(plain->time_since_epoch() == std::chrono::seconds(1767323045));
  CHECK(parse_time("2026-01-02T03:04:05.678Z") == *plain + 678ms);
  CHECK(parse_time("2026-01-02T03:04:05.678901234Z") == *plain + 678901us);
  CHECK(parse_time("2026-01-02T05:04:05+02:00") == *plain);
  CHECK(parse_time("2026-01-01T21:34:05-0530") == *plain);
}

TEST_CASE("what is no time is not read as one") {
  for (const char* text : {"", "yesterday", "2026-01-02", "2026-13-02T03:04:05Z",
                           "2026-02-30T03:04:05Z", "2026-01-02T24:04:05Z", "2026-01-02T03:04:05",
                           "2026-01-02T03:04:05Zulu", "2026-01-02T03:04:-5Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("times are told by their distance and by the local clock") {
  ::setenv("TZ", "UTC-1", 1);  // POSIX: one hour east
  ::tzset();
  const Time time = *parse_time("2026-01-02T03:04:05.678Z");
  CHECK(ago_text(time, time + 200ms) == "just now");
  CHECK(ago_text(time, time - 5s) == "just now");
  CHECK(ago_text(time, time + 62s) == "1m 2s ago");
  CHECK(local_date_text(time) == "2026-01-02 04:04:05.678");
  CHECK(local_clock_text(time) == "04:04:05.678");
}

TEST_CASE("a timeout is a duration or a number of seconds") {
  CHECK(parse_timeout("5") == 5000ms);
  CHECK(parse_timeout("0.25") == 250ms);
  CHECK(parse_timeout("250ms") == 250ms);
  CHECK(parse_timeout("1m") == 60s);
  CHECK_FALSE(parse_timeout("soon"));
  CHECK_FALSE(parse_timeout(""));
  CHECK_FALSE(parse_timeout("-1"));
}

TEST_CASE("texts keep their letters and lose what steers a terminal") {
  CHECK(printable("größer → 3 µs") == "größer → 3 µs");
  CHECK(printable("a\tb") == "a  b");
  CHECK(printable("\x1b]0;title\x07") == "\\x1b]0;title\\x07");
  CHECK(printable("\xC2\x9B"
                  "2J") == "\\x9b2J");
  CHECK(printable("\x7F") == "\\x7f");
}

TEST_CASE("colour goes to terminals that want it") {
  CHECK(wants_colour(true, nullptr, "xterm"));
  CHECK(wants_colour(true, "", "xterm"));
  CHECK_FALSE(wants_colour(true, "1", "xterm"));
  CHECK_FALSE(wants_colour(true, nullptr, "dumb"));
  CHECK_FALSE(wants_colour(true, nullptr, nullptr));
  CHECK_FALSE(wants_colour(false, nullptr, "xterm"));
}
