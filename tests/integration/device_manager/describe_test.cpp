#include "kernel/device_manager/describe.hpp"

#include "tests/integration/device_manager/rig.hpp"
#include "tests/support/temp_dir.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

// Asks on a loop of its own, and turns it until the answers are there.
struct Asking {
  Loop loop;
  std::unique_ptr<Spawner> spawner = make_spawner(launcher_path());
  std::unique_ptr<Reaper> reaper = make_reaper(loop);

  Describer::Answers ask(std::vector<Program> programs, Duration timeout = kPatience) {
    Describer describer(loop, *spawner, *reaper, timeout);
    std::optional<Describer::Answers> got;
    describer.ask(std::move(programs), [&](Describer::Answers answers) {
      REQUIRE_FALSE(got);
      got = std::move(answers);
    });
    while (!got) loop.run_once();
    return *std::move(got);
  }
  Result<std::string> ask_one(Program program, Duration timeout = kPatience) {
    return ask({std::move(program)}, timeout).front();
  }
};

// Answers as soon as `count` others that share the folder are there.
Program sociable(const std::filesystem::path& folder, int count) {
  return {"/bin/sh",
          {"-c",
           "touch \"$0/$$\"; until [ \"$(ls \"$0\" | wc -l)\" -ge \"$1\" ]; do sleep 0.01; "
           "done; echo \"$2\"",
           folder, std::to_string(count), std::to_string(count)},
          {"PATH=/usr/bin:/bin"},
          {}};
}

}  // namespace

TEST_CASE("a device that describes itself is quoted") {
  const auto answer = Asking().ask_one(puppet({"good"}));
  REQUIRE(answer);
  CHECK(*answer == "{\"type\":\"puppet\"}\n");
}

TEST_CASE("a device that does not answer is given up on in time") {
  const auto answer = Asking().ask_one(puppet({"hang"}), 100ms);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Errc::timeout);
}

TEST_CASE("a failed answer says why") {
  const auto failed = Asking().ask_one(puppet({"exit"}));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Errc::invalid);
  CHECK_THAT(failed.error().message(), Catch::Contains("exit status 4 (cannot describe)"));

  const auto missing = Asking().ask_one({"/no/such/program", {}, {}, {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Errc::not_found);
  CHECK_THAT(missing.error().message(), Catch::Contains("No such file"));
}

TEST_CASE("an answer without end is cut off") {
  const auto answer = Asking().ask_one(puppet({"flood"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Errc::invalid);
  CHECK_THAT(answer.error().message(), Catch::Contains("exceeds 262144 bytes"));
}

TEST_CASE("many are asked at the same time, and answered in order") {
  const TemporaryFolder folder;
  std::vector<Program> programs(10, sociable(folder.path, 10));
  programs.insert(programs.begin() + 3, puppet({"exit"}));
  const auto answers = Asking().ask(programs);
  REQUIRE(answers.size() == 11);
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].has_value() == (i != 3));
}

TEST_CASE("more than may run at a time wait for a place") {
  const std::vector<Program> programs(kDescribeParallelMax + 5, puppet({"good"}));
  const auto answers = Asking().ask(programs);
  REQUIRE(answers.size() == kDescribeParallelMax + 5);
  CHECK(std::ranges::all_of(answers, [](const auto& answer) { return answer.has_value(); }));
}

TEST_CASE("the loop goes on while somebody is asked, and nothing is left of a question dropped") {
  Asking asking;
  Describer describer(asking.loop, *asking.spawner, *asking.reaper, kPatience);
  bool answered = false;
  describer.ask({puppet({"hang"})}, [&](const Describer::Answers&) { answered = true; });
  int turns = 0;
  Timer timer(asking.loop, [&] { ++turns; });
  while (turns < 3) {
    if (!timer.armed()) timer.arm_in(1ms);
    asking.loop.run_once();
  }
  CHECK_FALSE(answered);
}

TEST_CASE("nobody to ask is no question") { CHECK(Asking().ask({}).empty()); }
