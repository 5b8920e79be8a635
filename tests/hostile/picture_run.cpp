#include "tests/hostile/picture_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace dkvm::test {
namespace {

std::string lamp_and_wall(std::size_t pictures) {
  return "  lamp:\n    type: dummy-display-source\n"
         "    config: {size: 128x32, fps: 100, exhausted: wait, frames: " +
         std::to_string(pictures) +
         "}\n"
         "  wall:\n    type: dummy-display-sink\n"
         "    config: {check: pattern, report: wall.json}\n";
}

const std::string kHonest = "  - {name: honest, from: lamp, to: wall, queue: {policy: block}}\n";

bool concerns(const Json& pool, const std::string& name) {
  return pool["device"] == name || std::ranges::any_of(pool["consumers"], [&](const Json& each) {
           return each["device"] == name;
         });
}

}  // namespace

std::string lit(const std::string& lie) {
  return "  - {name: to-" + lie + ", from: lamp/screen, to: " + lie +
         "/view, queue: {policy: latest}}\n";
}

PictureRun::PictureRun(const std::string& devices, const std::string& pipelines,
                       std::size_t bystander_keys, std::size_t pictures)
    : KernelRun(lamp_and_wall(pictures) + devices, kHonest + pipelines, bystander_keys),
      pictures_(pictures) {}

void PictureRun::wait_ends(const Ends& ends) {
  for (const auto& [lie, reason] : ends) {
    if (reason.empty())
      wait_state(lie, "finished");
    else
      wait_failed(lie, reason);
  }
}

void PictureRun::wait_no_memory_of(const std::string& name) {
  wait_until("nothing is left of " + name + " in memory.stats", [&] {
    const Json all = pools();
    return all.is_array() &&
           std::ranges::none_of(all, [&](const Json& pool) { return concerns(pool, name); });
  });
}

void PictureRun::check_rest() {
  if (pictures_ == 0) {
    const auto delivered = [this] {
      const Json honest = pipeline("honest");
      return honest.is_object() ? honest["edges"][0]["delivered"].get<std::uint64_t>() : 0;
    };
    const std::uint64_t so_far = delivered();
    wait_until("the wall gets further pictures", [&] { return delivered() > so_far; });
    for (const char* honest : {"lamp", "wall"}) {
      CHECK(device(honest)["state"] == "running");
      CHECK(device(honest)["incarnation"] == 1);
    }
  }
  check_bystander();
  check_clean_stop();
  const Json seen = Json::parse(read_file(file("wall.json")), nullptr, false);
  REQUIRE(seen.is_object());
  INFO(seen);
  CHECK(seen["frames"] > 0);
  if (pictures_ != 0) CHECK(seen["last"] == pictures_);
  for (const char* wrong : {"lost", "torn", "broken", "orphans", "backwards"})
    CHECK(seen[wrong] == 0);
}

void run_liars(const Ends& ends, Light light, const std::string& more) {
  std::string devices;
  std::string pipelines;
  for (const auto& [lie, reason] : ends) {
    devices += liar(lie, more);
    if (light == Light::on) pipelines += lit(lie);
  }
  PictureRun run(devices, pipelines);
  run.wait_ends(ends);
  for (const auto& [lie, reason] : ends) run.wait_no_memory_of(lie);
  run.check_rest();
}

}  // namespace dkvm::test
