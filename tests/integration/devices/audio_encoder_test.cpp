#include "tests/support/fake_pool.hpp"

#include <dkvm/sound.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

// The encoder of sound as a process.
using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kPackets = 1;
constexpr std::uint16_t kAudio = 2;
constexpr std::uint32_t kFrames = 480;

// 10 ms of silence.
void play(FakePool& in, std::uint32_t slot, std::uint8_t channels, std::uint64_t position) {
  AudioFrame frame;
  frame.rate = 48'000;
  frame.channels = channels;
  frame.format = SampleFormat::s16;
  frame.frames = kFrames;
  frame.position = position;
  in.event(slot, frame, std::vector<std::byte>(std::size_t{kFrames} * channels * 2));
}

}  // namespace

TEST_CASE("sound that the codec refuses is told in the state, and the next is encoded") {
  FakeKernel kernel({DKVM_BIN_DIR "/dkvm-audio-encoder"},
                    {{"DKVM_CONFIG", R"({"options":{"mapping_family":0}})"}});
  kernel.greet();
  FakePool out(kernel, kPackets, 8, 16 * 1024, 7);
  FakePool in(kernel, kAudio, 4, 16 * 1024, 5);
  out.grant_pool();
  in.show_pool();
  for (std::uint32_t slot = 0; slot < 8; ++slot) out.grant(slot);
  play(in, 0, 6, 0);
  CHECK_THAT(wait_trouble(kernel), Catch::Contains("starting the encoder for 6 channels"));
  play(in, 1, 6, kFrames);
  kernel.wait_applied(kAudio);
  play(in, 2, 2, 0);
  play(in, 3, 2, kFrames);
  CHECK(kernel.wait_event<MediaPacket>().channels == 2);
  CHECK(wait_trouble(kernel).empty());
}
