#include <dkvm/sound.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace dkvm;

namespace {

AudioFrame frame_of(std::uint32_t frames) {
  AudioFrame frame;
  frame.rate = 48'000;
  frame.channels = 2;
  frame.format = SampleFormat::s32;
  frame.frames = frames;
  return frame;
}

std::string refusal(const AudioFrame& frame, std::size_t bytes = 4096) {
  const std::vector<std::byte> buffer(bytes);
  const auto sound = Sound::of(frame, buffer);
  REQUIRE_FALSE(sound);
  return sound.error().message();
}

}  // namespace

TEST_CASE("sound has exactly the samples that it says, also in a larger buffer") {
  const std::vector<std::byte> buffer(100);
  const auto sound = Sound::of(frame_of(10), buffer);
  REQUIRE(sound);
  CHECK(sound->rate == 48'000);
  CHECK(sound->samples.size() == 80);
  CHECK(sound->samples.data() == buffer.data());
  CHECK(refusal(frame_of(10), 79) ==
        "a buffer of 79 bytes, expected at least 80 for 10 samples of 2 channels");
  CHECK_THAT(refusal(frame_of(std::numeric_limits<std::uint32_t>::max())),
             Catch::Contains("expected at least 34359738360"));
}

TEST_CASE("sound that nobody can play is refused") {
  AudioFrame frame = frame_of(1);
  frame.rate = 999;
  CHECK(refusal(frame) == "a sample rate of 999 Hz, expected 1000 to 768000");
  frame = frame_of(1);
  frame.channels = 0;
  CHECK(refusal(frame) == "0 channels, expected 1 to 64");
  frame = frame_of(1);
  frame.format = static_cast<SampleFormat>(9);
  CHECK(refusal(frame) == "sound of sample format 9, expected s16, s32 or f32");
}
