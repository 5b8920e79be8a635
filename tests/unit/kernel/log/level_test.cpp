#include "kernel/log/level.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("every level is parsed from its own name") {
  for (int i = 0; i < 8; ++i) {
    const auto level = static_cast<LogLevel>(i);
    CHECK(parse_log_level(name(level)) == level);
    CHECK(name(level).size() <= 5);
  }
}

TEST_CASE("the names that people and syslog use are levels too") {
  CHECK(parse_log_level("warning") == LogLevel::warning);
  CHECK(parse_log_level("err") == LogLevel::error);
  CHECK(parse_log_level("notice") == LogLevel::notice);
  CHECK_FALSE(parse_log_level("loud"));
  CHECK_FALSE(parse_log_level(""));
}

TEST_CASE("a filter lets through what is as severe as it, or more") {
  CHECK(passes(LogLevel::error, LogLevel::info));
  CHECK(passes(LogLevel::info, LogLevel::info));
  CHECK_FALSE(passes(LogLevel::debug, LogLevel::info));
}
