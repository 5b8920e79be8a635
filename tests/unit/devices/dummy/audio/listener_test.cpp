#include "devices/dummy/audio/listener.hpp"

#include "devices/media/crc32.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <vector>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

AudioFrame chunk_at(std::uint64_t position, std::uint32_t frames) {
  AudioFrame frame;
  frame.rate = 8'000;
  frame.channels = 1;
  frame.format = SampleFormat::s16;
  frame.frames = frames;
  frame.position = position;
  return frame;
}

const std::vector<std::byte> kBuffer(4096, std::byte{1});

}  // namespace

TEST_CASE("sound that is missing is counted by the positions of what comes") {
  Listener listener({});
  CHECK(listener.take(chunk_at(500, 80), kBuffer));  // joined late: nothing is missing
  CHECK(listener.take(chunk_at(580, 80), kBuffer));
  CHECK(listener.take(chunk_at(820, 80), kBuffer));
  CHECK(listener.take(chunk_at(0, 80), kBuffer));
  CHECK(listener.take(chunk_at(80, 80), kBuffer));
  CHECK(listener.counts().gaps == 1);
  CHECK(listener.counts().lost == 160);
  CHECK(listener.counts().restarts == 1);
  CHECK(listener.counts().chunks == 5);
  CHECK(listener.counts().samples == 400);
  CHECK(listener.crc32() == media::crc32(Bytes(kBuffer).first(800)));
}

TEST_CASE("frames that lie and sound of another shape are counted and left out") {
  Listener listener({});
  CHECK(listener.take(chunk_at(0, 80), kBuffer));
  CHECK(listener.take(chunk_at(80, 80'000), kBuffer));
  AudioFrame stereo = chunk_at(80, 80);
  stereo.channels = 2;
  CHECK(listener.take(stereo, kBuffer));
  CHECK(listener.take(chunk_at(80, 80), kBuffer));
  CHECK(listener.counts().broken == 1);
  CHECK(listener.counts().refused == 1);
  CHECK(listener.counts().gaps == 0);
  CHECK(listener.counts().chunks == 2);
}

TEST_CASE(
    "a file grows no longer than it may, over restarts too, and what is left out is counted") {
  const test::TempDir folder;
  Listener::Options options{.file = folder.file("heard.wav"), .longest = std::chrono::seconds(1)};
  {
    Listener listener(options);
    for (std::uint64_t i = 0; i < 60; ++i)
      CHECK(listener.take(chunk_at(i * 80, 80), kBuffer));  // 0.6 s
    CHECK(listener.counts().unwritten == 0);
    CHECK(listener.finish());
  }
  options.begin = media::Begin::go_on;
  Listener listener(options);
  for (std::uint64_t i = 0; i < 6'000; ++i) CHECK(listener.take(chunk_at(i * 80, 80), kBuffer));
  CHECK(listener.finish());
  CHECK(listener.counts().unwritten > 5'950 * 80);
  const auto bytes = std::filesystem::file_size(options.file);
  CHECK(bytes > 15'800);
  CHECK(bytes <= 16'000 + 200);  // and a header
}
