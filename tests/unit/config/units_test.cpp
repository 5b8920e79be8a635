#include "config/units.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace std::chrono_literals;

TEST_CASE("durations carry their unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration("0.4ms") == 0ms);
}

TEST_CASE("what is no duration is refused with what was expected") {
  for (const char* text : {"", "s", "250", "-1s", "+1s", "1 s", "1S", "1e3s", "nan", "inf", "0x10s",
                           "1.5.2s", "1s ", "99999999999999999999h"}) {
    INFO(text);
    REQUIRE_FALSE(parse_duration(text));
    CHECK(parse_duration(text).error().code() == Errc::invalid);
    CHECK_THAT(parse_duration(text).error().message(),
               Catch::Matchers::Contains("expected a duration such as 250ms"));
  }
}

TEST_CASE("sizes are decimal or binary as their unit says") {
  CHECK(parse_bytes("512B") == 512u);
  CHECK(parse_bytes("64KiB") == 65536u);
  CHECK(parse_bytes("10MB") == 10'000'000u);
  CHECK(parse_bytes("1.5GiB") == 1'610'612'736u);
  CHECK(parse_bytes("3kB") == 3000u);
  CHECK(parse_bytes("0") == 0u);
  CHECK_FALSE(parse_bytes("64"));
  CHECK_FALSE(parse_bytes("64K"));
  CHECK_FALSE(parse_bytes("64kib"));
  CHECK_FALSE(parse_bytes("99999999TiB"));
}

TEST_CASE("rates are a second's worth of bytes") {
  CHECK(parse_byte_rate("64KiB/s") == 65536u);
  CHECK_FALSE(parse_byte_rate("64KiB"));
  CHECK_FALSE(parse_byte_rate("64KiB/m"));
  CHECK_FALSE(parse_byte_rate("/s"));
}

TEST_CASE("percentages end at a hundred") {
  CHECK(*parse_percent("20%") == Approx(0.2));
  CHECK(*parse_percent("0%") == 0.0);
  CHECK(*parse_percent("100%") == 1.0);
  CHECK_FALSE(parse_percent("100.1%"));
  CHECK_FALSE(parse_percent("0.2"));
  CHECK_FALSE(parse_percent("%"));
}
