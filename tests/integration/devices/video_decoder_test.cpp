#include "devices/codec/picture_encoder.hpp"
#include "devices/dummy/display/pattern.hpp"
#include "devices/dummy/random.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/psnr.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <vector>

// The decoder as a process, packet by packet.
using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kPackets = 1;
constexpr std::uint16_t kVideo = 2;
constexpr std::uint32_t kWidth = 160;
constexpr std::uint32_t kHeight = 96;

struct Coded {
  MediaPacket packet;
  std::vector<std::byte> bytes;
};

class Film {
 public:
  Coded next(bool keyframe = false) {
    REQUIRE(painter_.draw(++number_, false));
    REQUIRE(picture_.take(canvas, canvas.area()));
    const auto packet = encoder_.encode(picture_, keyframe);
    REQUIRE(packet);
    Coded coded;
    coded.packet.codec = encoder_.codec_name();
    coded.packet.keyframe = packet->keyframe;
    coded.packet.width = kWidth;
    coded.packet.height = kHeight;
    coded.bytes.assign(packet->bytes.begin(), packet->bytes.end());
    return coded;
  }

  media::Canvas canvas{kWidth, kHeight, kXR24};

 private:
  dummy::PatternPainter painter_{canvas, 1};
  codec::I420 picture_ = codec::I420::make(kWidth, kHeight).value();
  codec::PictureEncoder encoder_ =
      codec::PictureEncoder::open({}, kWidth, kHeight, codec::PictureRate::of(40'000'000, 60))
          .value();
  std::uint64_t number_ = 0;
};

class Decoder {
 public:
  Decoder() : kernel({DKVM_BIN_DIR "/dkvm-video-decoder"}) {
    kernel.greet();
    in.show_pool();
  }

  void send(const Coded& coded, std::uint64_t capture_ns = now_ns()) {
    in.event(next_slot_++ % kSlots, coded.packet, coded.bytes, capture_ns);
  }
  // The next picture, put on the canvas; its slot is free again.
  std::uint64_t see() {
    for (;;) {
      const Received event = kernel.wait(wire::FrameKind::event);
      if (!event.is(wire::Topic::display_frame)) continue;
      const auto [bytes, slot] = out.bytes_of(event);
      const auto picture = Picture::of(event.as<DisplayFrame>(), bytes);
      REQUIRE(picture);
      canvas.apply(*picture);
      out.grant(slot);
      return event.header.capture_ns();
    }
  }
  void give_slots() {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) out.grant(slot);
  }

  static constexpr std::uint32_t kSlots = 4;
  FakeKernel kernel;
  FakePool in{kernel, kPackets, kSlots, 64 * 1024, 5};
  FakePool out{kernel, kVideo, kSlots, kWidth* kHeight * 4, 7};
  media::Canvas canvas{kWidth, kHeight, kXR24};

 private:
  std::uint32_t next_slot_ = 0;
};

}  // namespace

TEST_CASE("packets become pictures with their times, parts of which make the whole") {
  Film film;
  Decoder decoder;
  decoder.send(film.next(), 1000);
  decoder.out.grant_pool();
  decoder.give_slots();
  CHECK(decoder.see() == 1000);
  for (std::uint64_t i = 1; i < 20; ++i) {
    decoder.send(film.next(), 1000 + i);
    CHECK(decoder.see() == 1000 + i);
    if (i > 3) CHECK(psnr(film.canvas, decoder.canvas) > 35);
  }
}

TEST_CASE("without a slot every packet is decoded and the newest picture is shown") {
  Film film;
  Decoder decoder;
  decoder.send(film.next(), 1);
  decoder.out.grant_pool();
  for (std::uint64_t i = 2; i <= 10; ++i) {
    decoder.send(film.next(), i);
    decoder.kernel.wait_applied(kPackets);
  }
  decoder.out.grant(0);
  CHECK(decoder.see() == 10);
  CHECK(psnr(film.canvas, decoder.canvas) > 35);
}

TEST_CASE("ten thousand damaged packets leave the decoder alive, and it shows what is whole") {
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  Film film;
  std::vector<Coded> packets;
  for (int i = 0; i < 40; ++i) packets.push_back(film.next(i % 10 == 0));
  Decoder decoder;
  decoder.send(packets[0]);
  decoder.out.grant_pool();
  // Without further slots pictures wait: what is decoded is not the matter here.
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    dummy::SeededRandom random(seed, i);
    Coded coded = packets[i % packets.size()];
    for (std::uint32_t n = random.between(1, 8); n > 0; --n)
      coded.bytes[random.between(0, static_cast<std::uint32_t>(coded.bytes.size()) - 1)] =
          std::byte(random.between(0, 255));
    coded.packet.keyframe = coded.packet.keyframe || random.between(0, 3) == 0;
    decoder.send(coded);
    if (i % (Decoder::kSlots - 1) == 0) decoder.kernel.wait_applied(kPackets);
  }
  const auto answer = decoder.kernel.call("video.status");
  CHECK(answer.code == wire::Code::ok);
  CHECK(answer.body.find("\"packets\":10001") != std::string::npos);
}

TEST_CASE("a damaged packet is followed by the wish for a keyframe, which mends it") {
  Film film;
  Decoder decoder;
  decoder.send(film.next(), 1);
  decoder.out.grant_pool();
  decoder.give_slots();
  CHECK(decoder.see() == 1);
  Coded broken = film.next();
  broken.bytes.resize(broken.bytes.size() / 2);
  decoder.send(broken, 2);
  const Received asked = decoder.kernel.wait(wire::FrameKind::upstream);
  CHECK(asked.header.port() == kPackets);
  CHECK(asked.as<Refresh>().what == wire::RefreshWhat::frame);
  decoder.send(film.next(), 3);
  decoder.send(film.next(true), 4);
  CHECK(decoder.see() == 4);
}

TEST_CASE("a whole picture that is asked for is the one that was shown last") {
  Film film;
  Decoder decoder;
  decoder.kernel.upstream(kVideo, Refresh{});
  decoder.kernel.wait(wire::FrameKind::upstream);  // it has none
  decoder.send(film.next(), 1);
  decoder.out.grant_pool();
  decoder.give_slots();
  CHECK(decoder.see() == 1);
  const media::Canvas before = decoder.canvas;
  std::memset(decoder.canvas.bytes().data(), 0, decoder.canvas.bytes().size());
  decoder.kernel.upstream(kVideo, Refresh{});
  decoder.see();
  CHECK(psnr(before, decoder.canvas) == 99);
}
