#include "kernel/log/level.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("every level is parsed from its own name") {
  for (int i = 0; i < 8; ++i) {
    const auto level = static_cast<RecordLevel>(i);
    CHECK(parse_log_level(name(level)) == level);
    CHECK(name(level).size() <= 5);
  }
}

TEST_CASE("the names that people and syslog use are levels too") {
  CHECK(parse_log_level("warning") == RecordLevel::warning);
  CHECK(parse_log_level("err") == RecordLevel::error);
  CHECK(parse_log_level("notice") == RecordLevel::notice);
  CHECK_FALSE(parse_log_level("loud"));
  CHECK_FALSE(parse_log_level(""));
}

TEST_CASE("a filter lets through what is as severe as it, or more") {
  CHECK(passes(RecordLevel::error, RecordLevel::info));
  CHECK(passes(RecordLevel::info, RecordLevel::info));
  CHECK_FALSE(passes(RecordLevel::debug, RecordLevel::info));
}
