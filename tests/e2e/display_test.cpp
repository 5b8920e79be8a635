#include "devices/dummy/display/noise.hpp"
#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// Pictures through a whole kernel: what was drawn is what is seen.
using namespace dkvm::test;

namespace {

// Runs a desk that ends with its sources; what the kernel had to say.
std::string run(const Desk& desk) {
  const Finished run =
      run_program("timeout 60 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 0);
  return run.output;
}

Json report(const Desk& desk, const std::string& name) {
  const std::string text = read_text(desk.path(name + ".json"));
  INFO(name << ": " << text);
  REQUIRE(Json::accept(text));
  return Json::parse(text);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// `count` pictures by chance, one behind the other.
std::string noise(std::uint32_t width, std::uint32_t height, std::uint32_t seed,
                  std::uint64_t count) {
  dkvm::media::Canvas canvas(width, height, dkvm::kXR24);
  dkvm::dummy::NoisePainter painter(canvas, seed);
  std::string all;
  for (std::uint64_t number = 1; number <= count; ++number) {
    REQUIRE(painter.draw(number, false));
    all.append(reinterpret_cast<const char*>(canvas.bytes().data()), canvas.bytes().size());
  }
  return all;
}

}  // namespace

TEST_CASE("The example's two sinks end with the picture that was drawn, the slow one too") {
  Desk desk;
  std::string yaml = read_text(DKVM_SOURCE_DIR "/config/examples/display.yaml");
  yaml = replaced(yaml, "kernel:\n", "kernel:\n  runtime_dir: run\n");
  yaml = replaced(yaml, "/tmp/dkvm-", "");
  yaml = replaced(yaml, "frames: 180", "frames: 45");
  desk.write("");
  std::ofstream(desk.config()) << yaml;
  INFO(run(desk));
  const Json drawn = report(desk, "screen");
  CHECK(drawn.at("drawn") == 45);
  CHECK(drawn.at("partial") > 0);
  for (const std::string sink : {"quick", "slow"}) {
    const Json seen = report(desk, sink);
    INFO(sink << " " << seen << " " << drawn);
    CHECK(seen.at("torn") == 0);
    CHECK(seen.at("broken") == 0);
    CHECK(seen.at("last") == 45);
    CHECK(seen.at("crc32") == drawn.at("crc32"));
    CHECK(std::filesystem::exists(desk.path(sink + ".png")));
  }
  CHECK(report(desk, "slow").at("lost") > 0);
  CHECK(report(desk, "slow").at("frames") < report(desk, "quick").at("frames"));
}

TEST_CASE("Under block every picture comes out bit for bit, to each sink") {
  Desk desk;
  desk.write(
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {picture: random, seed: 5, size: 320x200, "
      "fps: max, frames: 60, report: screen.json}}\n"
      "  one: {type: dummy-display-sink, config: {file: one.raw}}\n"
      "  two: {type: dummy-display-sink, config: {file: two.raw, delay: 2ms}}\n"
      "pipelines:\n  - {name: show, from: screen, to: [one, two], queue: {policy: block}}\n",
      ", exit_when: finished");
  INFO(run(desk));
  const std::string expected = noise(320, 200, 5, 60);
  CHECK(report(desk, "screen").at("merged") == 0);
  for (const std::string name : {"one.raw", "two.raw"}) {
    INFO(name);
    CHECK((read_text(desk.path(name)) == expected));
  }
}

TEST_CASE("What is in a file comes out of one, as pixels and as images") {
  Desk desk;
  std::ofstream(desk.path("in.raw"), std::ios::binary) << noise(64, 48, 9, 7);
  const std::string queue = ", queue: {policy: block}}\n";
  desk.write(
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {picture: file, file: in.raw, size: 64x48, "
      "format: BG24, mode: once, fps: max}}\n"
      "  images: {type: dummy-display-sink, config: {file: image-%d.png}}\n"
      "  pixels: {type: dummy-display-sink, config: {file: out.raw}}\n"
      "pipelines:\n  - {name: show, from: screen, to: [images, pixels]" +
          queue,
      ", exit_when: finished");
  // 64 x 48 x 4 bytes seven times are as many 3-byte pictures as 28 / 3: cut to whole ones.
  const std::string in = read_text(desk.path("in.raw"));
  const std::size_t whole = in.size() / (64 * 48 * 3) * (64 * 48 * 3);
  std::filesystem::resize_file(desk.path("in.raw"), whole);
  INFO(run(desk));
  CHECK((read_text(desk.path("out.raw")) == in.substr(0, whole)));

  desk.write(
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {picture: file, file: image-%d.png, "
      "format: BG24, mode: once, fps: max}}\n"
      "  pixels: {type: dummy-display-sink, config: {file: again.raw}}\n"
      "pipelines:\n  - {name: show, from: screen, to: pixels" +
          queue,
      ", exit_when: finished");
  INFO(run(desk));
  CHECK((read_text(desk.path("again.raw")) == in.substr(0, whole)));
}

TEST_CASE("A sink whose check fails makes the whole run fail, and says why") {
  Desk desk;
  desk.write(
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {size: 320x200, fps: 200, frames: 60}}\n"
      "  slow: {type: dummy-display-sink, config: {check: pattern, fail_on: lost, delay: 50ms}}\n"
      "pipelines:\n  - {name: show, from: screen, to: slow, queue: {policy: latest}}\n",
      ", exit_when: finished");
  const Finished run =
      run_program("timeout 60 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 1);
  CHECK(run.output.find("fail_on: lost, and ") != std::string::npos);
}

TEST_CASE("A film that was recorded is played at its own rate, with all its pictures") {
  Desk desk;
  const std::string queue = ", queue: {policy: block}}\n";
  desk.write(
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {size: 320x200, fps: 25, frames: 20, "
      "exhausted: wait}}\n"
      "  film: {type: dummy-display-sink, config: {file: film.mp4}}\n"
      "pipelines:\n  - {name: show, from: screen, to: film" +
          queue,
      ", exit_when: finished");
  INFO(run(desk));
  desk.write(
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {picture: file, file: film.mp4, mode: once, "
      "exhausted: wait, report: screen.json}}\n"
      "  seen: {type: dummy-display-sink, config: {report: seen.json}}\n"
      "pipelines:\n  - {name: show, from: screen, to: seen" +
          queue,
      ", exit_when: finished");
  INFO(run(desk));
  CHECK(report(desk, "screen").at("drawn") == 20);
  CHECK(report(desk, "seen").at("frames") >= 20);  // the last one may come once more, whole
  CHECK(report(desk, "seen").at("width") == 320);
}

TEST_CASE(
    "Under latest, with damage by chance and drops, every sink ends with the source's picture") {
  Desk desk;
  std::string devices =
      "devices:\n"
      "  screen: {type: dummy-display-source, config: {size: 400x300, fps: 250, frames: 500, "
      "partial: 0.95, seed: 3, report: screen.json}}\n";
  const std::vector<std::string> delays = {"0ms", "7ms", "30ms", "110ms"};
  std::string sinks;
  for (std::size_t i = 0; i < delays.size(); ++i) {
    const std::string name = "sink" + std::to_string(i);
    devices += "  " + name +
               ": {type: dummy-display-sink, config: {check: pattern, delay: " + delays[i] +
               ", report: " + name + ".json, fail_on: torn}}\n";
    sinks += (i == 0 ? "" : ", ") + name;
  }
  desk.write(devices + "pipelines:\n  - {name: show, from: screen, to: [" + sinks +
                 "], queue: {policy: latest}}\n",
             ", exit_when: finished");
  INFO(run(desk));
  const Json drawn = report(desk, "screen");
  for (std::size_t i = 0; i < delays.size(); ++i) {
    const Json seen = report(desk, "sink" + std::to_string(i));
    INFO(delays[i] << " " << seen << " " << drawn);
    CHECK(seen.at("torn") == 0);
    CHECK(seen.at("last") == 500);
    CHECK(seen.at("crc32") == drawn.at("crc32"));
  }
  CHECK(report(desk, "sink3").at("lost") > 0);
}
