#include "devices/dummy/audio/sine.hpp"
#include "devices/media/codecs.hpp"
#include "devices/media/crc32.hpp"
#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

// Sound through a whole kernel: what was played is what is heard.
using namespace dkvm::test;

namespace {

Json report(const Desk& desk, const std::string& name) {
  const std::string text = read_text(desk.path(name + ".json"));
  REQUIRE(Json::accept(text));
  return Json::parse(text);
}

void run(const Desk& desk) {
  const Finished run =
      run_program("timeout 60 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 0);
}

}  // namespace

TEST_CASE("A sine goes into a WAV sample by sample, in every format, and from there again") {
  const std::pair<std::string, dkvm::SampleFormat> formats[] = {{"s16", dkvm::SampleFormat::s16},
                                                                {"s32", dkvm::SampleFormat::s32},
                                                                {"f32", dkvm::SampleFormat::f32}};
  const auto codecs = dkvm::media::load_codecs(DKVM_BIN_DIR);
  REQUIRE(codecs);
  for (const auto& [name, format] : formats) {
    INFO(name);
    Desk desk;
    const auto write = [&](const std::string& sound, const std::string& file) {
      desk.write("devices:\n  tones: {type: dummy-audio-source, config: {" + sound +
                     ", pace: max, chunk: 7ms, report: tones.json, format: " + name +
                     "}}\n"
                     "  heard: {type: dummy-audio-sink, config: {report: heard.json, file: " +
                     file +
                     "}}\n"
                     "pipelines:\n  - {name: play, from: tones, to: heard, queue: {policy: "
                     "block}}\n",
                 ", exit_when: finished");
    };
    write("frequencies: [440, 1000.5], level: 0.8, rate: 44100, duration: 1500ms", "one.wav");
    run(desk);

    constexpr std::size_t kSamples = 66'150;
    std::vector<std::byte> expected(kSamples * 2 * dkvm::bytes_per_sample(format));
    dkvm::dummy::Sine(44'100, 2, {440, 1000.5}, 0.8).fill(0, format, expected);
    const auto heard = [&](const std::string& file) {
      auto reader = (*codecs)->read_sound(desk.path(file), {.format = format});
      REQUIRE(reader);
      CHECK((*reader)->rate() == 44'100);
      CHECK((*reader)->channels() == 2);
      std::vector<std::byte> samples(expected.size() + 8);
      samples.resize((*reader)->read(samples).value());
      return samples;
    };
    CHECK((heard("one.wav") == expected));
    CHECK(report(desk, "heard").at("samples") == kSamples);
    CHECK(report(desk, "heard").at("lost") == 0);
    CHECK(report(desk, "heard").at("crc32") == dkvm::media::crc32(expected));
    CHECK(report(desk, "tones").at("crc32") == dkvm::media::crc32(expected));

    write("sound: file, file: one.wav, mode: once", "two.wav");
    run(desk);
    CHECK((heard("two.wav") == expected));
  }
}
