#include "kernel/device_manager/deaths.hpp"

#include <catch2/catch.hpp>

#include <fmt/format.h>

using namespace dkvm;

namespace {

Death death(std::string device, std::uint32_t incarnation, std::vector<std::string> log = {}) {
  Death made;
  made.device = std::move(device);
  made.incarnation = incarnation;
  made.reason = "killed by SIGSEGV";
  made.log = std::move(log);
  return made;
}

}  // namespace

TEST_CASE("deaths are told oldest first, of one device or of all") {
  Deaths deaths;
  deaths.add(death("a", 1));
  deaths.add(death("b", 1));
  deaths.add(death("a", 2));
  CHECK(deaths.of().size() == 3);
  const auto of_a = deaths.of("a");
  REQUIRE(of_a.size() == 2);
  CHECK(of_a[0].incarnation == 1);
  CHECK(of_a[1].sequence == 3);
}

TEST_CASE("a device that keeps dying pushes out only its own deaths") {
  Deaths deaths;
  deaths.add(death("quiet", 1));
  for (std::uint32_t i = 1; i <= 3 * kDeathsPerDeviceMax; ++i) deaths.add(death("loud", i));
  CHECK(deaths.of("quiet").size() == 1);
  const auto loud = deaths.of("loud");
  REQUIRE(loud.size() == kDeathsPerDeviceMax);
  CHECK(loud.front().incarnation == 2 * kDeathsPerDeviceMax + 1);
}

TEST_CASE("only the last lines of a log are kept") {
  Deaths deaths;
  std::vector<std::string> log;
  for (int i = 0; i < 1000; ++i) log.push_back(fmt::format("line {}", i));
  deaths.add(death("a", 1, log));
  const auto kept = deaths.of("a").front().log;
  REQUIRE(kept.size() == kDeathLogLinesMax);
  CHECK(kept.back() == "line 999");
  deaths.add(death("b", 1, {std::string(kDeathLogBytesMax, 'x'), "short"}));
  CHECK(deaths.of("b").front().log == std::vector<std::string>{"short"});
}

TEST_CASE("over the budget the oldest logs go first, then the oldest deaths") {
  Deaths deaths(20'000);
  for (std::uint32_t i = 1; i <= 10; ++i) deaths.add(death("a", i, {std::string(4000, 'x')}));
  CHECK(deaths.bytes() <= 20'000);
  const auto all = deaths.of();
  REQUIRE(all.size() == 10);
  CHECK(all.front().log.empty());
  CHECK(all.back().log.size() == 1);

  for (int device = 0; device < 500; ++device) deaths.add(death(fmt::format("d{}", device), 1));
  CHECK(deaths.bytes() <= 20'000);
  CHECK(deaths.of("a").empty());
  CHECK(deaths.of("d499").size() == 1);
}
