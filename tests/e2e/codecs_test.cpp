#include "devices/media/codecs.hpp"
#include "devices/dummy/audio/sine.hpp"
#include "devices/media/canvas.hpp"
#include "devices/media/samples.hpp"
#include "tests/e2e/desk.hpp"
#include "tests/support/psnr.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

// Pictures and sound through a whole kernel as packets.
using namespace dkvm::test;

namespace {

Json report(const Desk& desk, const std::string& name) {
  const std::string text = read_text(desk.path(name + ".json"));
  INFO(name << ": " << text << "\n" << desk.log());
  REQUIRE(Json::accept(text));
  return Json::parse(text);
}

void stop(Desk& desk) {
  desk.kernel().signal(SIGTERM);
  const int status = desk.exit_status(kPatience);
  INFO(desk.log());
  REQUIRE(status == 0);
}

dkvm::media::Canvas picture_in(const std::string& path, std::uint32_t width, std::uint32_t height) {
  dkvm::media::Canvas canvas(width, height, dkvm::kXR24);
  const std::string bytes = read_text(path);
  REQUIRE(bytes.size() == canvas.bytes().size());
  std::memcpy(canvas.bytes().data(), bytes.data(), bytes.size());
  return canvas;
}

// A screen that is seen directly and through the codecs; the pictures of both sinks.
struct Screen {
  explicit Screen(const std::string& encoder_config, std::uint64_t pictures = 60) {
    desk.grant("{target: encoder, methods: [\"video.*\"]}");
    desk.grant("{target: decoder, methods: [\"video.*\"]}");
    desk.start(
        "devices:\n"
        "  screen: {type: dummy-display-source, restart: never, config: {size: 321x181, fps: 30, "
        "partial: 0.5, frames: " +
        std::to_string(pictures) +
        "}}\n"
        "  encoder: {type: video-encoder, config: {" +
        encoder_config +
        "}}\n"
        "  decoder: {type: video-decoder}\n"
        "  direct: {type: dummy-display-sink, config: {final: direct.raw}}\n"
        "  coded: {type: dummy-display-sink, config: {final: coded.raw, report: coded.json}}\n"
        "pipelines:\n"
        "  - {name: raw, from: screen, to: [encoder, direct]}\n"
        "  - {name: packets, from: encoder, to: decoder}\n"
        "  - {name: pictures, from: decoder, to: coded}\n");
  }

  Json encoder() const { return desk.ctl("call encoder video.status"); }
  Json decoder() const { return desk.ctl("call decoder video.status"); }

  // Until the last picture has been drawn, sharpened and shown.
  void wait_still() const {
    Json last;
    INFO(desk.log());
    REQUIRE(eventually(kPatience, [&] {
      if (desk.state("screen") != "finished") return false;
      const Json before = std::exchange(last, encoder());
      const Json shown = decoder();
      return before == last && shown.at("packets") == last.at("pictures");
    }));
  }

  Desk desk;
};

}  // namespace

TEST_CASE("A screen comes back through the codecs as it is, and costs nothing while it stands") {
  Screen screen("bitrate: 20000000");
  screen.wait_still();
  const Json encoder = screen.encoder();
  CHECK(encoder.at("width") == 321);
  CHECK(encoder.at("height") == 181);
  CHECK(encoder.at("oversize") == 0);
  CHECK(encoder.at("pictures") > 30);
  CHECK(screen.decoder().at("damaged") == 0);
  CHECK(always(Seconds(0.5),
               [&] { return screen.encoder().at("pictures") == encoder.at("pictures"); }));
  stop(screen.desk);
  const double alike = psnr(picture_in(screen.desk.path("direct.raw"), 321, 181),
                            picture_in(screen.desk.path("coded.raw"), 321, 181));
  CHECK(alike > 35);
  const Json seen = report(screen.desk, "coded");
  CHECK(seen.at("frames") > 20);
  CHECK(seen.at("broken") == 0);
}

TEST_CASE("A decoder that is killed shows a screen that stands still again") {
  Screen screen("bitrate: 20000000", 20);
  screen.wait_still();
  const auto keyframes = screen.encoder().at("keyframes");
  const pid_t before = screen.desk.pid("decoder");
  screen.desk.kill("decoder", SIGKILL);
  screen.desk.wait_restarted("decoder", before);
  CHECK(eventually(kPatience, [&] { return screen.decoder().at("pictures") > 0; }));
  CHECK(screen.encoder().at("keyframes") > keyframes);
  stop(screen.desk);
  CHECK(psnr(picture_in(screen.desk.path("direct.raw"), 321, 181),
             picture_in(screen.desk.path("coded.raw"), 321, 181)) > 30);
}

TEST_CASE("A rate is set by a call, and one that cannot be is refused with what can") {
  Screen screen("bitrate: 20000000", 0);
  const Json set = screen.desk.ctl("call encoder video.set '{\"bitrate\":1000000}'");
  CHECK(set.at("bitrate") == 1'000'000);
  CHECK(set.at("bitrate_now") == 1'000'000);
  const Finished refused = screen.desk.try_ctl("call encoder video.set '{\"bitrate\":5}'");
  CHECK(refused.status != 0);
  CHECK(refused.output.find("bitrate: 5 is not a whole number from 100000 to 400000000") !=
        std::string::npos);
}

TEST_CASE("An encoder that is not there parks the device, which says what is") {
  Desk desk;
  desk.write("devices:\n  encoder: {type: video-encoder, config: {codec: libh266}}\n");
  desk.launch(false);
  desk.wait_state("encoder", "failed");
  const std::string reason = desk.device("encoder").at("reason");
  CHECK(reason.find("no video encoder 'libh266' is here, expected one of") != std::string::npos);
}

TEST_CASE("A size that the codec refuses is in the device's state until another comes") {
  Desk desk;
  desk.write(
      "devices:\n"
      "  wide: {type: dummy-display-source, config: {size: 320x180, fps: 20}}\n"
      "  right: {type: dummy-display-source, config: {size: 352x288, fps: 20}}\n"
      "  encoder: {type: video-encoder, config: {codec: h261}}\n"
      "pipelines:\n"
      "  - {name: raw, from: wide, to: encoder}\n"
      "  - {name: other, from: right, to: encoder, enabled: false}\n");
  desk.launch(false);
  const pid_t before = desk.pid("encoder");
  desk.wait_state("encoder", "degraded");
  const std::string reason = desk.device("encoder").at("reason");
  CHECK(reason.find("starting the encoder for 320x180") != std::string::npos);
  desk.call("pipelines.disable", {{"name", "raw"}});
  desk.call("pipelines.enable", {{"name", "other"}});
  desk.wait_state("encoder", "running");
  CHECK(desk.pid("encoder") == before);
}

TEST_CASE("A sine comes back through Opus without a gap and without drift") {
  Desk desk;
  desk.grant("{target: decoder, methods: [\"audio.*\"]}");
  desk.start(
      "devices:\n"
      "  tones: {type: dummy-audio-source, restart: never, config: {frequencies: [440, 1000], "
      "duration: 4s}}\n"
      "  encoder: {type: audio-encoder}\n"
      "  decoder: {type: audio-decoder, config: {format: f32}}\n"
      "  heard: {type: dummy-audio-sink, config: {file: heard.wav, report: heard.json}}\n"
      "pipelines:\n"
      "  - {name: sound, from: tones, to: encoder}\n"
      "  - {name: packets, from: encoder, to: decoder}\n"
      "  - {name: hear, from: decoder, to: heard}\n");
  desk.wait_state("tones", "finished");
  Json last;
  REQUIRE(eventually(kPatience, [&] {
    const Json before = std::exchange(last, desk.ctl("call decoder audio.status"));
    return before == last;
  }));
  CHECK(last.at("damaged") == 0);
  stop(desk);
  const Json heard = report(desk, "heard");
  CHECK(heard.at("lost") == 0);
  CHECK(heard.at("rate") == 48'000);

  const auto codecs = dkvm::media::load_codecs(DKVM_BIN_DIR);
  REQUIRE(codecs);
  auto reader = (*codecs)->read_sound(desk.path("heard.wav"), {.format = dkvm::SampleFormat::f32});
  REQUIRE(reader);
  std::vector<std::byte> bytes(std::size_t{48'000} * 5 * 2 * 4);
  bytes.resize((*reader)->read(bytes).value());
  const std::size_t samples = bytes.size() / 8;
  REQUIRE(samples > 48'000 * 3);
  const dkvm::dummy::Sine sine(48'000, 2, {440, 1000}, 0.5);
  const auto snr = [&](std::size_t lag, std::size_t from, std::size_t to) {
    double signal = 0, noise = 0;
    for (std::size_t i = from; i < to; ++i)
      for (std::uint8_t channel = 0; channel < 2; ++channel) {
        const double wanted = sine.at(i + lag, channel);
        const double got =
            dkvm::media::read_sample(dkvm::SampleFormat::f32, bytes.data() + (i * 2 + channel) * 4);
        signal += wanted * wanted;
        noise += (wanted - got) * (wanted - got);
      }
    return 10 * std::log10(signal / noise);
  };
  // Where in the sine it begins: what came before there were slots is not heard. Both
  // tones repeat after 50 ms.
  std::size_t lag = 0;
  for (std::size_t each = 1; each < 2'400; ++each)
    if (snr(each, 24'000, 24'480) > snr(lag, 24'000, 24'480)) lag = each;
  CHECK(snr(lag, 4'800, 48'000) > 20);
  CHECK(snr(lag, samples - 48'000, samples - 960) > 20);
}
