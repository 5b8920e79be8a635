#include "kernel/log/level.hpp"
#include "pipelines/device.hpp"
#include "pipelines/router.hpp"

#include <dkvm/device_main.hpp>

#include <catch2/catch.hpp>

using namespace dkvm;

// That this compiles is half of the test: the SDK's names and the kernel's live
// side by side.
TEST_CASE("the levels of a device's log lines are the kernel's") {
  const auto number = [](LogLevel level) { return static_cast<char>(level) - '0'; };
  CHECK(number(LogLevel::error) == static_cast<int>(RecordLevel::error));
  CHECK(number(LogLevel::warning) == static_cast<int>(RecordLevel::warning));
  CHECK(number(LogLevel::notice) == static_cast<int>(RecordLevel::notice));
  CHECK(number(LogLevel::info) == static_cast<int>(RecordLevel::info));
  CHECK(number(LogLevel::debug) == static_cast<int>(RecordLevel::debug));
}
