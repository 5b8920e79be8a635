#include "devices/codec/picture_decoder.hpp"
#include "devices/dummy/display/pattern.hpp"
#include "tests/support/fake_pool.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

// The encoder as a process, frame by frame.
using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kVideo = 1;
constexpr std::uint16_t kPackets = 2;

class Encoder {
 public:
  explicit Encoder(const FakeKernel::Environment& config = {})
      : kernel({DKVM_BIN_DIR "/dkvm-video-encoder"}, config) {
    kernel.greet();
    out.grant_pool();
    in.show_pool();
  }

  // Sends a picture in the next slot.
  void show(std::uint32_t width, std::uint32_t height, std::uint64_t capture_ns,
            bool partial = false) {
    if (canvas_.width() != width || canvas_.height() != height) {
      canvas_ = media::Canvas(width, height, kXR24);
      painter_.emplace(canvas_, 1);
      number_ = 0;
    }
    REQUIRE(painter_->draw(++number_, false));
    DisplayFrame frame;
    frame.width = width;
    frame.height = height;
    frame.fourcc = kXR24;
    frame.partial = partial;
    frame.damage = partial ? Rect(3, 5, 101, 51) : canvas_.area();
    frame.stride = frame.damage.width() * 4;
    std::vector<std::byte> bytes(std::size_t{frame.stride} * frame.damage.height());
    canvas_.copy_to(frame.damage, bytes);
    in.event(next_slot_++ % kSlots, frame, bytes, capture_ns);
  }

  struct Packet {
    MediaPacket packet;
    std::vector<std::byte> bytes;
    std::uint64_t capture_ns = 0;
    bool delta = false;
  };
  // The next packet, whose slot is free again.
  Packet packet() {
    for (;;) {
      const Received event = kernel.wait(wire::FrameKind::event);
      if (event.header.port() != kPackets) continue;
      auto [bytes, slot] = out.bytes_of(event);
      out.grant(slot);
      return {event.as<MediaPacket>(), std::move(bytes), event.header.capture_ns(),
              (event.header.flags() & kFlagDelta) != 0};
    }
  }
  // The next one of that picture: others are sharper versions of the one before.
  Packet packet_of(std::uint64_t capture_ns) {
    for (;;) {
      Packet next = packet();
      if (next.capture_ns == capture_ns) return next;
    }
  }

  void ask(wire::RefreshWhat what = wire::RefreshWhat::frame) {
    Refresh refresh;
    refresh.what = what;
    kernel.upstream(kPackets, refresh);
  }
  nlohmann::json status() {
    const auto answer = kernel.call("video.status");
    REQUIRE(answer.code == wire::Code::ok);
    return nlohmann::json::parse(answer.body);
  }
  // Waits until the encoder asks for a whole picture.
  void wait_asked() {
    const Received asked = kernel.wait(wire::FrameKind::upstream);
    CHECK(asked.header.port() == kVideo);
    CHECK(asked.as<Refresh>().what == wire::RefreshWhat::frame);
  }
  void give_slots() {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) out.grant(slot);
  }

  static constexpr std::uint32_t kSlots = 4;
  FakeKernel kernel;
  FakePool out{kernel, kPackets, kSlots, 64 * 1024, 7};
  FakePool in{kernel, kVideo, kSlots, 640 * 360 * 4, 5};

 private:
  media::Canvas canvas_;
  std::optional<dummy::PatternPainter> painter_;
  std::uint64_t number_ = 0;
  std::uint32_t next_slot_ = 0;
};

}  // namespace

TEST_CASE("every picture becomes a packet with its time, and each packet the picture") {
  Encoder encoder;
  encoder.give_slots();
  auto decoder = codec::PictureDecoder::make({"h264"}, 1);
  REQUIRE(decoder);
  const std::uint64_t start = now_ns();
  for (std::uint64_t i = 0; i < 30; ++i) {
    encoder.show(320, 180, start + i, i % 3 == 2);
    const auto got = encoder.packet_of(start + i);
    CHECK(got.packet.pts_ns == start + i);
    CHECK(got.packet.codec == "h264");
    CHECK(got.packet.keyframe == (i == 0));
    CHECK(got.delta == (i != 0));
    CHECK(got.packet.width == 320);
    CHECK(got.packet.height == 180);
    const auto decoded =
        decoder->decode(got.packet, codec::PictureDecoder::copied(got.bytes), got.capture_ns);
    REQUIRE(decoded);
    CHECK(decoded->frame != nullptr);
    CHECK(decoded->capture_ns == start + i);
  }
}

TEST_CASE("a keyframe that is asked for comes of the picture that is there") {
  Encoder encoder;
  encoder.give_slots();
  encoder.show(320, 180, 1000);
  CHECK(encoder.packet_of(1000).packet.keyframe);
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t before = now_ns();
    encoder.ask();
    auto got = encoder.packet();
    while (!got.packet.keyframe) got = encoder.packet();  // sharper ones
    CHECK(got.capture_ns >= before);                      // it is what the screen shows now
    CHECK_FALSE(got.delta);
  }
}

TEST_CASE("keyframes that are asked for all the time come four times a second at most") {
  Encoder encoder;
  encoder.give_slots();
  encoder.show(320, 180, 1000);
  encoder.packet_of(1000);
  const std::uint64_t start = now_ns();
  for (int i = 0; i < 1000; ++i) encoder.ask();
  int keyframes = 0;
  std::uint64_t last = 0;
  while (keyframes < 3) {
    const auto got = encoder.packet();
    if (!got.packet.keyframe) continue;
    ++keyframes;
    last = now_ns();
    encoder.ask();
  }
  CHECK(last - start > 2 * 240'000'000ULL);
}

TEST_CASE("without a picture, or with a part of one only, a whole one is asked for") {
  Encoder encoder;
  encoder.give_slots();
  encoder.ask();
  encoder.wait_asked();
  Encoder another;
  another.give_slots();
  another.show(320, 180, 1000, true);
  another.wait_asked();
  another.show(320, 180, 2000);
  CHECK(another.packet().capture_ns == 2000);
}

TEST_CASE("pictures that find no slot give way to the newest") {
  Encoder encoder;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    encoder.show(320, 180, i * 1000, i == 5);
    encoder.kernel.wait_applied(kVideo);
  }
  encoder.out.grant(0);
  const auto got = encoder.packet();
  CHECK(got.capture_ns == 10'000);
  CHECK(got.packet.keyframe);
}

TEST_CASE("another size begins with a keyframe of that size") {
  Encoder encoder;
  encoder.give_slots();
  std::uint64_t capture = 0;
  for (const auto& [width, height] : {std::pair{320u, 180u}, {321u, 179u}, {160u, 96u}}) {
    encoder.show(width, height, ++capture);
    const auto got = encoder.packet_of(capture);
    CHECK(got.packet.keyframe);
    CHECK(got.packet.width == width);
    CHECK(got.packet.height == height);
  }
}

TEST_CASE("an encoder that hears of a queue makes less, and more again when it is gone") {
  Encoder encoder(FakeKernel::Environment{{"DKVM_CONFIG_BITRATE", "10000000"}});
  CHECK(encoder.status().at("bitrate_now") == 10'000'000);
  Feedback feedback;
  feedback.queue_ms = 300;
  feedback.bits_per_s = 2'000'000;
  encoder.kernel.upstream(kPackets, feedback);
  CHECK(encoder.status().at("bitrate_now") == 1'600'000);
  CHECK(encoder.status().at("bitrate") == 10'000'000);
  const auto end = std::chrono::steady_clock::now() + kWaitMax;
  while (encoder.status().at("bitrate_now") == 1'600'000)
    REQUIRE(std::chrono::steady_clock::now() < end);
}

TEST_CASE("pictures that lie cost a line in the log") {
  Encoder encoder;
  encoder.give_slots();
  DisplayFrame frame;
  frame.width = 16'384;
  frame.height = 16'384;
  frame.stride = 16'384 * 4;
  frame.fourcc = kXR24;
  encoder.in.event(0, frame, std::vector<std::byte>(1000));
  encoder.kernel.wait_log("expected at least");
  frame.fourcc = 0;
  encoder.in.event(1, frame, std::vector<std::byte>(1000));
  encoder.kernel.wait_log("expected a packed RGB format");
  encoder.show(320, 180, 5);
  CHECK(encoder.packet().capture_ns == 5);
}

TEST_CASE("a size that the codec refuses is told in the state, and the next is encoded") {
  Encoder encoder(FakeKernel::Environment{{"DKVM_CONFIG_CODEC", "h261"}});
  encoder.give_slots();
  encoder.show(320, 180, 1);
  CHECK_THAT(wait_trouble(encoder.kernel), Catch::Contains("starting the encoder for 320x180"));
  encoder.show(320, 180, 2);
  encoder.kernel.wait_applied(kVideo);
  encoder.show(352, 288, 3);
  const auto got = encoder.packet_of(3);
  CHECK(got.packet.keyframe);
  CHECK(got.packet.width == 352);
  CHECK(wait_trouble(encoder.kernel).empty());
}

TEST_CASE("options that the encoder refuses, or that keep pictures back, park the device") {
  FakeKernel refused({DKVM_BIN_DIR "/dkvm-video-encoder"},
                     {{"DKVM_CONFIG", R"({"options":{"preset":"quickest"}})"}});
  refused.greet();
  CHECK(refused.wait_exit() == kExitRefused);
  CHECK_THAT(refused.drain_log(), Catch::Contains("config key 'options'"));

  Encoder encoder(
      FakeKernel::Environment{{"DKVM_CONFIG", R"({"options":{"tune":"film","rc-lookahead":20}})"}});
  encoder.give_slots();
  encoder.show(320, 180, 1);
  CHECK(encoder.kernel.wait_exit() == kExitRefused);
  CHECK_THAT(encoder.kernel.drain_log(), Catch::Contains("keeps pictures back"));
}
