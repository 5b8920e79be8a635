#include "kernel/device_manager/describe.hpp"

#include "tests/integration/device_manager/rig.hpp"
#include "tests/support/temp_dir.hpp"

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

TEST_CASE("many are asked at the same time: each answers when all are there") {
  const auto spawner = make_spawner(launcher_path());
  const test::TempDir dir;
  const std::vector<Program> programs(10, puppet({"meet", dir.path().string()}));
  const auto answers = describe_all(*spawner, programs, 60s);
  REQUIRE(answers.size() == 10);
  for (const auto& answer : answers) CHECK(answer.has_value());
}

TEST_CASE("answers come in the order of the questions, whoever hangs") {
  const auto spawner = make_spawner(launcher_path());
  std::vector<Program> programs(4, puppet({"hang"}));
  programs[2] = puppet({"good"});
  const auto answers = describe_all(*spawner, programs, 400ms);
  REQUIRE(answers.size() == 4);
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].has_value() == (i == 2));
}

TEST_CASE("nobody to ask is no question") {
  const auto spawner = make_spawner(launcher_path());
  CHECK(describe_all(*spawner, {}).empty());
}
