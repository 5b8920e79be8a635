#include "kernel/log/level.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("every level is parsed from its own name") {
  for (int i = 0; i < 8; ++i) {
    const auto level = static_cast<RecordLevel>(i);
    CHECK(parse_log_level(name(level)) == level);
  }
}

TEST_CASE("a level has one name") {
  CHECK(name(RecordLevel::warning) == "warning");
  CHECK_FALSE(parse_log_level("warn"));
  CHECK_FALSE(parse_log_level("loud"));
  CHECK_FALSE(parse_log_level(""));
}

TEST_CASE("a filter lets through what is as severe as it, or more") {
  CHECK(passes(RecordLevel::error, RecordLevel::info));
  CHECK(passes(RecordLevel::info, RecordLevel::info));
  CHECK_FALSE(passes(RecordLevel::debug, RecordLevel::info));
}
