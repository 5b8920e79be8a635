#include "tests/hostile/picture_run.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace dkvm::test;

namespace {

// Names of shared memory that a kernel made.
std::vector<std::string> names_of(pid_t kernel) {
  std::string of_kernel = "-";  // in steps: GCC 12 sees an overlap in the sum
  of_kernel += std::to_string(kernel);
  of_kernel += '-';
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
    if (const std::string name = entry.path().filename().string();
        name.starts_with("dkvm-") && name.find(of_kernel) != std::string::npos)
      names.push_back(name);
  return names;
}

std::string show_by_name_to(const std::string& sink) {
  return "  - {name: to-" + sink + ", from: show-by-name/screen, to: " + sink + "/view}\n";
}

const std::string kTrusted = "    trusted: true\n";

}  // namespace

TEST_CASE("whoever consumes a pool can read it and change nothing, by whatever way") {
  run_liars({{"tamper", ""}}, Light::on);
}

TEST_CASE("a producer can change what it showed by its mapping and in no other way") {
  run_liars({{"tamper-as-producer", ""}}, Light::off);
}

TEST_CASE("memory by name is for trusted devices: others get pictures without it") {
  PictureRun run(liar("named-without-trust") + liar("show-by-name", kTrusted) +
                     liar("read-by-name", kTrusted) + liar("peek-at-names"),
                 show_by_name_to("read-by-name") + show_by_name_to("peek-at-names"));
  run.wait_failed("named-without-trust", "exit status 3");
  run.wait_ends({{"read-by-name", ""}, {"peek-at-names", ""}});
  for (const char* gone : {"named-without-trust", "read-by-name", "peek-at-names"})
    run.wait_no_memory_of(gone);
  CHECK(names_of(run.kernel()).size() == 1);
  const pid_t kernel = run.kernel();
  run.check_rest();
  CHECK(names_of(kernel).empty());
}

TEST_CASE("names that a killed kernel left are swept by the next") {
  KernelRun run(liar("show-by-name", kTrusted), "", 500);
  const pid_t killed = run.kernel();
  run.wait_until("there is a name", [&] { return !names_of(killed).empty(); });
  run.kill_kernel();
  CHECK(names_of(killed).size() == 1);
  run.start_again();
  CHECK(names_of(killed).empty());
  run.wait_until("it works as before", [&] { return names_of(run.kernel()).size() == 1; });
  run.check_clean_stop();
  CHECK(names_of(run.kernel()).empty());
}
