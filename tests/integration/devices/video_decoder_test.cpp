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
  explicit Film(std::uint32_t width = kWidth, std::uint32_t height = kHeight)
      : canvas(width, height, kXR24),
        picture_(codec::I420::make(width, height).value()),
        encoder_(
            codec::PictureEncoder::open({}, width, height, codec::PictureRate::of(40'000'000, 60))
                .value()) {}

  Coded next(bool keyframe = false) {
    REQUIRE(painter_.draw(++number_, false));
    REQUIRE(picture_.take(canvas, canvas.area()));
    const auto packet = encoder_.encode(picture_, keyframe);
    REQUIRE(packet);
    Coded coded;
    coded.packet.codec = encoder_.codec_name();
    coded.packet.keyframe = packet->keyframe;
    coded.packet.width = canvas.width();
    coded.packet.height = canvas.height();
    coded.bytes.assign(packet->bytes.begin(), packet->bytes.end());
    return coded;
  }

  media::Canvas canvas;

 private:
  dummy::PatternPainter painter_{canvas, 1};
  codec::I420 picture_;
  codec::PictureEncoder encoder_;
  std::uint64_t number_ = 0;
};

class Decoder {
 public:
  // in_slots: for so many packets at once
  explicit Decoder(std::uint32_t in_slots = kSlots, std::size_t in_slot_bytes = 64 * 1024)
      : kernel({DKVM_BIN_DIR "/dkvm-video-decoder"}),
        in(kernel, kPackets, in_slots, in_slot_bytes, 5),
        in_slots_(in_slots) {
    kernel.greet();
    in.show_pool();
  }

  void send(const Coded& coded, std::uint64_t capture_ns = now_ns()) {
    in.event(next_slot_++ % in_slots_, coded.packet, coded.bytes, capture_ns);
  }
  // The next picture, put on the canvas; its slot is free again.
  std::uint64_t see() { return see_in(out); }
  std::uint64_t see_in(FakePool& pool) {
    for (;;) {
      const Received event = kernel.wait(wire::FrameKind::event);
      if (!event.is(wire::Topic::display_frame)) continue;
      const auto [bytes, slot] = pool.bytes_of(event);
      const auto picture = Picture::of(event.as<DisplayFrame>(), bytes);
      REQUIRE(picture);
      if (!canvas.fits(*picture))
        canvas = media::Canvas(picture->width(), picture->height(), picture->fourcc());
      canvas.apply(*picture);
      pool.grant(slot);
      return event.header.capture_ns();
    }
  }
  // Waits until all that was sent is decoded. Larger pools than there are are refused.
  void wait_decoded() {
    for (;;) {
      const auto frame = kernel.next();
      REQUIRE(frame);
      if (frame->kind() == wire::FrameKind::request) refuse(called(*frame));
      if (frame->kind() == wire::FrameKind::applied &&
          frame->header.sequence() >= kernel.sequence(kPackets))
        return;
    }
  }
  void refuse(const Called& call) {
    const bool pool = call.method == "memory.pool";
    kernel.respond(call.id, pool ? wire::Code::invalid : wire::Code::ok, pool ? "too large" : "{}");
  }
  void give_slots() {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) out.grant(slot);
  }

  static constexpr std::uint32_t kSlots = 4;
  FakeKernel kernel;
  FakePool in;
  FakePool out{kernel, kVideo, kSlots, kWidth* kHeight * 4, 7};
  media::Canvas canvas{kWidth, kHeight, kXR24};

 private:
  std::uint32_t in_slots_;
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
  decoder.out.grant(0);
  decoder.see();
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    dummy::SeededRandom random(seed, i);
    Coded coded = packets[i % packets.size()];
    for (std::uint32_t n = random.between(1, 8); n > 0; --n)
      coded.bytes[random.between(0, static_cast<std::uint32_t>(coded.bytes.size()) - 1)] =
          std::byte(random.between(0, 255));
    coded.packet.keyframe = coded.packet.keyframe || random.between(0, 3) == 0;
    decoder.send(coded, 2);
    if (i % (Decoder::kSlots - 1) == 0) decoder.wait_decoded();  // the last one, too
  }
  const auto answer = decoder.kernel.call("video.status");
  CHECK(answer.code == wire::Code::ok);
  CHECK(answer.body.find("\"packets\":10001") != std::string::npos);
  CHECK(answer.body.find("\"dropped\":0") != std::string::npos);
  decoder.give_slots();
  decoder.send(film.next(true), 3);
  while (decoder.see() != 3) {
  }
  CHECK(psnr(film.canvas, decoder.canvas) > 30);
}

TEST_CASE("a decoder answers its kernel while packets that take long are decoded") {
  Film film(4096, 2304);
  std::vector<Coded> packets;
  for (int i = 0; i < 6; ++i) packets.push_back(film.next(true));
  Decoder decoder(8, 1024 * 1024);
  const std::uint64_t begin = now_ns();
  for (const Coded& each : packets) decoder.send(each);
  decoder.kernel.send({.kind = wire::FrameKind::ping, .sequence = 1});
  decoder.kernel.wait(wire::FrameKind::pong);
  const std::uint64_t answered = now_ns();
  decoder.wait_decoded();
  CHECK((answered - begin) * 2 < now_ns() - begin);
}

TEST_CASE("packets that come faster than they are decoded are dropped up to a keyframe") {
  Film film(2560, 1440);
  std::vector<Coded> packets;
  for (int i = 0; i < 40; ++i) packets.push_back(film.next(i == 0));
  Decoder decoder(48, 1024 * 1024);
  for (const Coded& each : packets) decoder.send(each);
  const Received asked = decoder.kernel.wait(wire::FrameKind::upstream);
  CHECK(asked.as<Refresh>().what == wire::RefreshWhat::frame);
  decoder.wait_decoded();
  const auto answer = decoder.kernel.call("video.status");
  CHECK(answer.body.find("\"dropped\":0,") == std::string::npos);
  CHECK(answer.body.find("\"damaged\":0,") != std::string::npos);
  decoder.send(film.next(), 2);  // of no use to anybody
  decoder.send(film.next(true), 3);
  decoder.wait_decoded();
  const auto after = decoder.kernel.call("video.status");
  CHECK(after.body.find("\"damaged\":0,") != std::string::npos);
}

TEST_CASE("sizes that alternate need one pool, and one that is refused costs its pictures alone") {
  Film small;
  Film large(320, 180);
  Decoder decoder;
  decoder.send(small.next(true), 1);
  decoder.out.grant_pool();
  decoder.give_slots();
  CHECK(decoder.see() == 1);
  decoder.send(large.next(true), 2);
  decoder.refuse(wait_call(decoder.kernel, "memory.pool"));
  CHECK_THAT(wait_trouble(decoder.kernel), Catch::Contains("no memory for pictures of 320x180: ") &&
                                               Catch::Contains("too large"));
  decoder.send(small.next(true), 3);
  CHECK(decoder.see() == 3);
  CHECK(psnr(small.canvas, decoder.canvas) > 30);
  CHECK(wait_trouble(decoder.kernel).empty());
  // When it may be tried again the kernel has memory.
  FakePool larger(decoder.kernel, kVideo, Decoder::kSlots, 320 * 180 * 4, 8);
  decoder.send(large.next(true), 4);
  larger.grant_pool();
  for (std::uint32_t slot = 0; slot < Decoder::kSlots; ++slot) larger.grant(slot);
  CHECK(decoder.see_in(larger) == 4);
  CHECK(psnr(large.canvas, decoder.canvas) > 30);
  for (std::uint64_t i = 5; i < 15; ++i) {
    Film& film = i % 2 == 0 ? large : small;
    decoder.send(film.next(true), i);
    CHECK(decoder.see_in(larger) == i);  // in that pool, whatever the size
    CHECK(psnr(film.canvas, decoder.canvas) > 30);
  }
}

TEST_CASE("a codec that may not come is named in the state, and nothing is asked for") {
  Film film;
  Decoder decoder;
  Coded other = film.next(true);
  other.packet.codec = "theora";
  decoder.send(other);
  CHECK_THAT(wait_trouble(decoder.kernel), Catch::Contains("a packet of codec 'theora', expected"));
  decoder.send(film.next(true), 7);
  decoder.out.grant_pool();
  decoder.give_slots();
  CHECK(decoder.see() == 7);
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
