// Packets of a moving picture over a network that takes less than the encoder would make.

#include "tests/e2e/net/two_desks.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

using namespace dkvm::netlab;
using namespace dkvm::test;

namespace {

// How old each picture was as it came, in ms.
std::vector<double> ages(const std::string& path) {
  std::vector<double> all;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || event.at("topic") != 7) continue;  // display_frame
    all.push_back((event.at("now_ns").get<double>() - event.at("capture_ns").get<double>()) / 1e6);
  }
  return all;
}

}  // namespace

TEST_CASE("At 2 Mbit/s a moving picture arrives as packets without piling up") {
  if (!networks_permitted()) return;
  constexpr std::uint64_t kBitsPerSecond = 2'000'000;
  constexpr std::uint64_t kQueueBytes = 64 * 1024;
  constexpr std::size_t kSettling = 150, kPictures = 300;
  TwoDesks pair;
  pair.desk.grant("{target: encoder, methods: [\"video.*\"]}");
  pair.start({.desk_devices =
                  "  screen: {type: dummy-display-source, config: {size: 1280x720, fps: 30}}\n"
                  "  encoder: {type: video-encoder, config: {bitrate: 8000000, max_fps: 30}}\n",
              .desk_pipelines = "  - {name: raw, from: screen, to: encoder}\n"
                                "  - {name: screen, from: encoder, to: link/laptop/screen}\n",
              .laptop_devices =
                  "  decoder: {type: video-decoder}\n"
                  "  viewer: {exec: [\"" DKVM_HOP_SINK "\"], config: {file: pictures.jsonl}}\n",
              .laptop_pipelines = "  - {name: packets, from: link/desk/screen, to: decoder}\n"
                                  "  - {name: pictures, from: decoder, to: viewer}\n"});
  for (CableEnd* end : {&pair.cable.a(), &pair.cable.b()})
    must(end->limit(kBitsPerSecond, kQueueBytes));
  const std::string file = pair.laptop.path("pictures.jsonl");
  const std::size_t before = ages(file).size();
  const bool came =
      eventually(Seconds(90), [&] { return ages(file).size() > before + kSettling + kPictures; });
  std::vector<double> all = ages(file);
  INFO(all.size() - before << " pictures\n" << pair.logs());
  REQUIRE(came);
  const Json status = pair.desk.ctl("call encoder video.status");
  INFO(status);
  CHECK(status.at("bitrate_now") < 3'000'000);
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(before + kSettling));
  std::sort(all.begin(), all.end());
  INFO("p50 " << all[all.size() / 2] << " ms, p99 " << all[all.size() * 99 / 100] << " ms, max "
              << all.back() << " ms");
  CHECK(all[all.size() * 99 / 100] < 300);
}
