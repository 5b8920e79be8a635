#include "kernel/device_manager/describe.hpp"

#include "tests/integration/device_manager/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a device that describes itself is quoted") {
  const auto spawner = make_spawner(launcher_path());
  const auto answer = describe(*spawner, puppet({"good"}));
  REQUIRE(answer);
  CHECK(*answer == "{\"type\":\"puppet\"}\n");
}

TEST_CASE("a device that does not answer is given up on in time") {
  const auto spawner = make_spawner(launcher_path());
  const auto answer = describe(*spawner, puppet({"hang"}), 100ms);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Errc::timeout);
}

TEST_CASE("a failed answer says why") {
  const auto spawner = make_spawner(launcher_path());
  const auto failed = describe(*spawner, puppet({"exit"}));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Errc::invalid);
  CHECK_THAT(failed.error().message(), Catch::Contains("exit status 4 (cannot describe)"));

  const auto missing = describe(*spawner, {"/no/such/program", {}, {}, {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Errc::not_found);
  CHECK_THAT(missing.error().message(), Catch::Contains("No such file"));
}

TEST_CASE("an answer without end is cut off") {
  const auto spawner = make_spawner(launcher_path());
  const auto answer = describe(*spawner, puppet({"flood"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Errc::invalid);
  CHECK_THAT(answer.error().message(), Catch::Contains("exceeds 262144 bytes"));
}

TEST_CASE("many are asked at the same time, and answered in order") {
  const auto spawner = make_spawner(launcher_path());
  std::vector<Program> programs(10, puppet({"hang"}));
  programs[3] = puppet({"good"});
  const TimePoint from = Clock::now();
  const auto answers = describe_all(*spawner, programs, 400ms);
  CHECK(Clock::now() - from < 5 * 400ms);  // one after the other would take nine
  REQUIRE(answers.size() == 10);
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].has_value() == (i == 3));
}

TEST_CASE("nobody to ask is no question") {
  const auto spawner = make_spawner(launcher_path());
  CHECK(describe_all(*spawner, {}).empty());
}
