#include "devices/codec/sound_decoder.hpp"
#include "devices/codec/sound_encoder.hpp"
#include "devices/dummy/audio/sine.hpp"
#include "devices/dummy/random.hpp"
#include "devices/media/samples.hpp"

#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

using namespace dkvm;
using namespace dkvm::codec;

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

struct Coded {
  MediaPacket packet;
  std::vector<std::byte> bytes;
  std::uint64_t capture_ns = 0;
};

struct Shape {
  std::uint32_t rate = 48'000;
  std::uint8_t channels = 2;
  SampleFormat format = SampleFormat::s16;
};

// A sine of any shape as packets; `heard` says which chunks the encoder gets.
std::vector<Coded> packets_of(
    const Shape& shape, int chunks, std::uint32_t chunk_frames,
    const std::function<bool(int)>& heard = [](int) { return true; }) {
  dummy::Sine sine(shape.rate, shape.channels, {440, 1000}, 0.5);
  auto encoder = SoundEncoder::open({}, shape.rate, shape.channels);
  REQUIRE(encoder);
  std::vector<Coded> packets;
  for (int i = 0; i < chunks; ++i) {
    if (!heard(i)) continue;
    const std::uint64_t position = static_cast<std::uint64_t>(i) * chunk_frames;
    std::vector<std::byte> samples(std::size_t{chunk_frames} * shape.channels *
                                   bytes_per_sample(shape.format));
    sine.fill(position, shape.format, samples);
    const Sound sound{shape.rate, shape.channels, shape.format, chunk_frames, samples};
    REQUIRE(encoder->take(sound, position, kSecondNs + position * kSecondNs / shape.rate));
    for (;;) {
      const auto packet = encoder->next();
      REQUIRE(packet);
      if (!*packet) break;
      Coded coded;
      coded.packet.codec = encoder->codec_name();
      coded.packet.keyframe = true;
      coded.packet.pts_ns = (*packet)->position_ns;
      coded.packet.rate = encoder->rate();
      coded.packet.channels = encoder->channels();
      const auto* head = flat_bytes(encoder->extradata());
      coded.packet.extradata.assign(head, head + encoder->extradata().size());
      coded.bytes.assign((*packet)->bytes.begin(), (*packet)->bytes.end());
      coded.capture_ns = (*packet)->capture_ns;
      packets.push_back(std::move(coded));
    }
  }
  return packets;
}

struct Heard {
  std::vector<double> samples;  // interleaved
  std::uint8_t channels = 0;
  std::uint64_t made_up = 0;
  std::uint64_t steps = 0;  // positions that do not go on
  double off_ns = 0;        // of the times of first samples, the worst
};

Heard decoded(const std::vector<Coded>& packets) {
  auto decoder = SoundDecoder::make({"opus"}, SampleFormat::f32);
  REQUIRE(decoder);
  Heard heard;
  std::uint64_t expected = 0;
  for (const Coded& coded : packets) {
    const auto chunks = decoder->decode(coded.packet, coded.bytes, coded.capture_ns);
    REQUIRE(chunks);
    for (const auto& chunk : *chunks) {
      CHECK(chunk.rate == 48'000);
      if (chunk.position != expected) ++heard.steps;
      const auto time = static_cast<double>(kSecondNs + chunk.position * kSecondNs / 48'000);
      heard.off_ns = std::max(heard.off_ns, std::abs(static_cast<double>(chunk.capture_ns) - time));
      expected = chunk.position + chunk.frames;
      heard.made_up += chunk.made_up ? chunk.frames : 0;
      heard.channels = chunk.channels;
      for (std::size_t i = 0; i < std::size_t{chunk.frames} * chunk.channels; ++i)
        heard.samples.push_back(
            media::read_sample(SampleFormat::f32, chunk.samples.data() + i * sizeof(float)));
    }
  }
  return heard;
}

// Signal to noise in dB from a sample on, against the sine as it would be at 48 kHz.
double snr(const Heard& heard, std::size_t from, std::size_t to) {
  dummy::Sine sine(48'000, heard.channels, {440, 1000}, 0.5);
  double signal = 0, noise = 0;
  for (std::size_t i = from; i < to; ++i)
    for (std::uint8_t channel = 0; channel < heard.channels; ++channel) {
      const double wanted = sine.at(i, channel);
      const double got = heard.samples.at(i * heard.channels + channel);
      signal += wanted * wanted;
      noise += (wanted - got) * (wanted - got);
    }
  return 10 * std::log10(signal / noise);
}

}  // namespace

TEST_CASE("a sine comes back through Opus, in its place, whatever its rate and format") {
  for (const Shape& shape :
       {Shape{}, Shape{44'100, 2, SampleFormat::s32}, Shape{48'000, 1, SampleFormat::f32},
        Shape{16'000, 2}, Shape{96'000, 2, SampleFormat::f32}}) {
    INFO(shape.rate << " Hz, " << int{shape.channels} << " channels");
    const Heard heard = decoded(packets_of(shape, 300, shape.rate / 100 + 7));
    CHECK(heard.steps == 0);
    CHECK(heard.made_up == 0);
    CHECK(heard.off_ns < 50'000);
    CHECK(heard.channels == shape.channels);
    const std::size_t samples = heard.samples.size() / heard.channels;
    CHECK(samples > 48'000 * 29 / 10);
    CHECK(snr(heard, 4'800, samples - 4'800) > 20);
  }
}

TEST_CASE("a lost packet is made up for, and what comes after is in its place") {
  auto packets = packets_of({}, 200, 480);
  packets.erase(packets.begin() + 100, packets.begin() + 103);
  const Heard heard = decoded(packets);
  CHECK(heard.steps == 0);
  CHECK(heard.made_up == 3 * 480);
  CHECK(snr(heard, 55'000, heard.samples.size() / 2 - 480) > 20);
}

TEST_CASE("a long loss is a step in the position") {
  auto packets = packets_of({}, 300, 480);
  packets.erase(packets.begin() + 100, packets.begin() + 150);
  const Heard heard = decoded(packets);
  CHECK(heard.steps == 1);
  CHECK(heard.made_up == 0);
}

TEST_CASE("a gap before the encoder is silence of its length") {
  const Heard heard = decoded(packets_of({}, 200, 480, [](int i) { return i < 50 || i >= 60; }));
  CHECK(heard.steps == 0);
  CHECK(heard.made_up == 0);
  double loudest = 0;
  for (std::size_t i = 52 * 480 * 2; i < 58 * 480 * 2; ++i)
    loudest = std::max(loudest, std::abs(heard.samples[i]));
  CHECK(loudest < 0.02);
  CHECK(snr(heard, 63 * 480, heard.samples.size() / 2 - 480) > 20);
}

TEST_CASE("damaged packets of sound cost sound and nothing else") {
  media::log_nothing();
  const auto packets = packets_of({}, 100, 480);
  auto decoder = SoundDecoder::make({"opus"}, SampleFormat::s16);
  REQUIRE(decoder);
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    dummy::SeededRandom random(7, static_cast<std::uint64_t>(i));
    Coded coded = packets[static_cast<std::size_t>(i) % packets.size()];
    switch (random.between(0, 3)) {
      case 0: coded.bytes.resize(random.between(0, 40)); break;
      case 1:
        for (int n = 0; n < 5; ++n)
          coded.bytes[random.between(0, static_cast<std::uint32_t>(coded.bytes.size()) - 1)] =
              std::byte(random.between(0, 255));
        break;
      case 2: coded.packet.pts_ns = random.next(); break;
      default:
        if (i % 16 != 0) break;
        coded.packet.extradata[random.between(0, 18)] = static_cast<std::uint8_t>(random.next());
    }
    if (!decoder->decode(coded.packet, coded.bytes, 1)) ++refused;
  }
  CHECK(refused > 100);
  CHECK(decoder->decode(packets[0].packet, packets[0].bytes, 1));
}

TEST_CASE("lies about sound are refused") {
  auto decoder = SoundDecoder::make({"opus"}, SampleFormat::s16);
  REQUIRE(decoder);
  Coded coded = packets_of({}, 3, 480).front();
  coded.packet.channels = 200;
  CHECK_FALSE(decoder->decode(coded.packet, coded.bytes, 1));
  coded.packet.channels = 2;
  coded.packet.codec = "flac";
  CHECK_FALSE(decoder->decode(coded.packet, coded.bytes, 1));
  const auto none = SoundEncoder::open({.encoder = "no-such"}, 48'000, 2);
  REQUIRE_FALSE(none);
  CHECK(none.error().message().find("libopus") != std::string::npos);
}
