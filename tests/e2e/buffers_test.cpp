#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

// Shared buffers through a whole kernel: who joins, goes, forwards and dies.
using namespace dkvm::test;

namespace {

const std::string kDevice = DKVM_BUFFER_DEVICE;

// What there is of pools, by dkvmctl and so by whoever has the grant.
Json pools(const Desk& desk) { return desk.call("memory.stats").at("pools"); }

// One pool, open, with so many consumers that have a share each.
bool settled_with(const Desk& desk, std::size_t consumers) {
  const Json all = pools(desk);
  if (all.size() != 1 || all[0].at("state") != "open") return false;
  if (all[0].at("consumer_count") != consumers) return false;
  for (const Json& each : all[0].at("consumers"))
    if (each.at("queue") == 0) return false;
  return true;
}

Json report(const Desk& desk, const std::string& name) {
  const std::string text = read_text(desk.path(name + ".json"));
  INFO(name << ": " << text);
  REQUIRE(Json::accept(text));
  return Json::parse(text);
}

// Descriptors of deleted or live memfds that a process has open.
std::size_t memfds_of(pid_t pid) {
  std::size_t count = 0;
  std::error_code gone;
  for (const auto& fd :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    const auto target = std::filesystem::read_symlink(fd, gone).string();
    count += target.find("memfd:") != std::string::npos;
  }
  return count;
}

// Named pools whose kernel is no more.
std::vector<std::string> names_of_the_dead() {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator("/dev/shm")) {
    const std::string name = each.path().filename();
    int pid = 0;
    if (std::sscanf(name.c_str(), "dkvm-%*u-%d-", &pid) == 1 && is_gone(pid)) names.push_back(name);
  }
  return names;
}

std::string screen(const std::string& config) {
  return "  screen: {type: dummy-display-source, config: {size: 320x200, " + config + "}}\n";
}

std::string viewer(const std::string& name, const std::string& config = "") {
  return "  " + name +
         ": {type: dummy-display-sink, restart: {initial: 10ms, max: 10ms}, config: {check: " +
         "pattern, report: " + name + ".json" + config + "}}\n";
}

const std::string kShow = "pipelines:\n  - {name: show, from: screen, to: one}\n";

}  // namespace

TEST_CASE("A sink that joins a running screen gets a larger pool, and the old one goes") {
  Desk desk;
  const Json also = {
      {"pipeline",
       {{"name", "also"}, {"from", "screen"}, {"to", "two"}, {"queue", {{"depth", 1}}}}}};
  desk.start("devices:\n" + screen("fps: 100") + viewer("one") + viewer("two") + kShow);
  REQUIRE(eventually(kPatience, [&] { return settled_with(desk, 1); }));
  const auto first = pools(desk)[0];
  desk.call("pipelines.create", also);
  REQUIRE(eventually(kPatience, [&] { return settled_with(desk, 2); }));
  const auto second = pools(desk)[0];
  CHECK(second.at("pool") > first.at("pool"));
  CHECK(second.at("slots") > first.at("slots"));
  CHECK(eventually(kPatience, [&] { return memfds_of(desk.kernel().pid()) <= 2; }));
  // It goes again, and the pool stays: what is there is enough.
  desk.call("pipelines.remove", {{"name", "also"}});
  desk.call("pipelines.create", also);
  REQUIRE(eventually(kPatience, [&] { return settled_with(desk, 2); }));
  CHECK(pools(desk)[0].at("pool") == second.at("pool"));
}

TEST_CASE("A screen of another size is another pool") {
  Desk desk;
  const std::string rest = viewer("one") + kShow;
  desk.start("devices:\n" + screen("fps: 100") + rest);
  REQUIRE(eventually(kPatience, [&] { return settled_with(desk, 1); }));
  const std::uint64_t before = pools(desk)[0].at("slot_bytes");
  CHECK(before == 320 * 200 * 4);
  std::string yaml = read_text(desk.config());
  yaml.replace(yaml.find("320x200"), 7, "200x100");
  std::ofstream(desk.config()) << yaml;
  desk.call("kernel.reload");
  REQUIRE(eventually(kPatience, [&] {
    return settled_with(desk, 1) && pools(desk)[0].at("slot_bytes") == 200 * 100 * 4;
  }));
}

TEST_CASE("Who forwards buffers gives them to others that it does not feed itself") {
  Desk desk;
  desk.start("devices:\n" + screen("fps: 200, frames: 400, exhausted: wait, report: screen.json") +
             "  between: {exec: [" + kDevice + ", forward]}\n" + viewer("one") +
             "pipelines:\n  - {name: in, from: screen, to: between, queue: {policy: block}}\n"
             "  - {name: out, from: between/out, to: one, queue: {policy: block}}\n");
  desk.wait_state("screen", "finished");
  ::kill(desk.kernel().pid(), SIGTERM);  // what is under way is delivered first
  CHECK(desk.exit_status(kPatience) == 0);
  INFO(desk.log());
  const Json seen = report(desk, "one");
  CHECK(seen.at("frames") == 400);
  CHECK(seen.at("torn") == 0);
  CHECK(seen.at("crc32") == report(desk, "screen").at("crc32"));
}

TEST_CASE("Whoever is killed leaves no pool, no lease and no descriptor behind") {
  Desk desk;
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  desk.start("devices:\n" +
             std::string("  screen: {type: dummy-display-source, restart: {initial: 10ms, max: "
                         "10ms}, config: {size: 320x200, fps: 300, partial: 0.5}}\n") +
             viewer("one") + viewer("two", ", delay: 5ms") +
             "pipelines:\n  - {name: show, from: screen, to: [one, two]}\n");
  for (int blow = 0; blow < 30; ++blow) {
    const std::string victim = blow % 3 == 0 ? "screen" : blow % 3 == 1 ? "one" : "two";
    desk.wait_state(victim, "running");
    const pid_t before = desk.pid(victim);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    ::kill(before, SIGKILL);
    desk.wait_restarted(victim, before);
  }
  REQUIRE(eventually(kPatience, [&] { return settled_with(desk, 2); }));
  CHECK(memfds_of(desk.kernel().pid()) <= 2);  // to write and to read
  for (const std::string name : {"one", "two"}) CHECK(memfds_of(desk.pid(name)) <= 1);
  desk.kill("screen", SIGKILL);
  desk.call("devices.stop", {{"name", "screen"}});
  CHECK(eventually(kPatience, [&] { return pools(desk).empty(); }));
  CHECK(eventually(kPatience, [&] { return memfds_of(desk.kernel().pid()) == 0; }));
  for (const std::string name : {"one", "two"}) CHECK(memfds_of(desk.pid(name)) == 0);
}

TEST_CASE("Named memory works among devices that are trusted") {
  Desk desk;
  const auto device = [](const std::string& role, const std::string& config) {
    return ": {exec: [" + kDevice + ", " + role + "], trusted: true, config: {" + config + "}}\n";
  };
  desk.write("devices:\n  numbers" + device("count", "memory: named, pictures: 1000") + "  sum" +
                 device("add", "file: sum.txt") +
                 "pipelines:\n  - {name: adding, from: numbers, to: sum, queue: {policy: block}}\n",
             ", exit_when: finished");
  const Finished run =
      run_program("timeout 60 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(read_text(desk.path("sum.txt")) == "500500");
  CHECK(names_of_the_dead().empty());
}

TEST_CASE("Named memory is refused to who is not trusted, and the reason is told") {
  Desk desk;
  desk.write("devices:\n  numbers: {exec: [" + kDevice +
             ", count], config: {memory: named}}\n  sum: {exec: [" + kDevice +
             ", add], config: {file: sum.txt}}\n"
             "pipelines:\n  - {name: adding, from: numbers, to: sum}\n");
  desk.launch(false);
  desk.wait_state("numbers", "backoff");
  CHECK(desk.log().find("trusted: true") != std::string::npos);
}

TEST_CASE("A source that waits for a sink which has failed does not wait for ever") {
  Desk desk;
  desk.write("devices:\n" + screen("fps: 100, frames: 100, exhausted: wait") + viewer("one") +
                 "  broken: {exec: [/bin/sh, -c, 'exit 125']}\n"
                 "pipelines:\n  - {name: show, from: screen, to: [one, broken], queue: {policy: "
                 "block}}\n",
             ", exit_when: finished");
  const Finished run =
      run_program("timeout 60 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 1);
  CHECK(run.output.find("pipeline 'show' is paused until device broken is back") !=
        std::string::npos);
  CHECK(run.output.find("a source waits for a sink that has failed") != std::string::npos);
}
