#include "devices/codec/bgrx.hpp"
#include "devices/codec/picture_decoder.hpp"
#include "devices/codec/picture_encoder.hpp"
#include "devices/dummy/display/pattern.hpp"
#include "devices/dummy/random.hpp"
#include "tests/support/psnr.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace dkvm;
using namespace dkvm::codec;

namespace {

struct Coded {
  MediaPacket packet;
  std::vector<std::byte> bytes;
};

// A moving pattern and what an encoder makes of it.
class Film {
 public:
  Film(std::uint32_t width, std::uint32_t height, std::uint64_t bits_per_s = 40'000'000,
       PictureCodec codec = {})
      : canvas(width, height, kXR24),
        painter_(canvas, 1),
        picture_(I420::make(width, height).value()),
        encoder_([&] {
          auto opened =
              PictureEncoder::open(codec, width, height, PictureRate::of(bits_per_s, codec.fps));
          INFO((opened ? "" : opened.error().message()));
          REQUIRE(opened);
          return std::move(*opened);
        }()) {}

  Coded next(bool keyframe = false, bool moves = true) {
    if (moves) {
      REQUIRE(painter_.draw(++number_, false));
      REQUIRE(picture_.take(canvas, canvas.area()));
    }
    auto packet = encoder_.encode(picture_, keyframe);
    REQUIRE(packet);
    Coded coded;
    coded.packet.codec = encoder_.codec_name();
    coded.packet.keyframe = packet->keyframe;
    coded.packet.width = picture_.width();
    coded.packet.height = picture_.height();
    coded.bytes.assign(packet->bytes.begin(), packet->bytes.end());
    return coded;
  }

  PictureEncoder& encoder() { return encoder_; }
  media::Canvas canvas;

 private:
  dummy::PatternPainter painter_;
  I420 picture_;
  PictureEncoder encoder_;
  std::uint64_t number_ = 0;
};

PictureDecoder a_decoder() {
  return PictureDecoder::make({"h264", "mjpeg", "vp8", "mpeg4"}, 2).value();
}

media::Canvas shown(const PictureDecoder::Decoded& decoded) {
  REQUIRE(decoded.frame);
  media::Canvas canvas(decoded.width, decoded.height, kXR24);
  convert_area(*decoded.frame, canvas.area(), canvas.bytes());
  return canvas;
}

}  // namespace

TEST_CASE("every picture gives a packet and every packet the picture, at once") {
  for (const auto& [width, height] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {320, 180}, {321, 181}, {129, 64}, {640, 360}}) {
    INFO(width << "x" << height);
    Film film(width, height);
    PictureDecoder decoder = a_decoder();
    for (std::uint64_t i = 1; i <= 20; ++i) {
      const Coded coded = film.next();
      CHECK(coded.packet.keyframe == (i == 1));
      const auto decoded =
          decoder.decode(coded.packet, codec::PictureDecoder::copied(coded.bytes), i * 1000);
      REQUIRE(decoded);
      CHECK(decoded->capture_ns == i * 1000);
      CHECK(decoded->width == width);
      CHECK(decoded->height == height);
      // A first picture of one picture's share is sharpened by what follows.
      if (i > 3) CHECK(test::psnr(film.canvas, shown(*decoded)) > 35);
    }
  }
}

TEST_CASE("a keyframe that is asked for can be decoded by who has seen nothing before") {
  Film film(320, 180);
  for (int i = 0; i < 5; ++i) film.next();
  const Coded delta = film.next();
  PictureDecoder decoder = a_decoder();
  const auto nothing = decoder.decode(delta.packet, codec::PictureDecoder::copied(delta.bytes), 1);
  REQUIRE(nothing);
  CHECK(nothing->frame == nullptr);
  CHECK(decoder.needs_keyframe());
  const Coded key = film.next(true);
  CHECK(key.packet.keyframe);
  const auto decoded = decoder.decode(key.packet, codec::PictureDecoder::copied(key.bytes), 2);
  REQUIRE(decoded);
  CHECK(test::psnr(film.canvas, shown(*decoded)) > 25);
  CHECK_FALSE(decoder.needs_keyframe());
}

TEST_CASE("half of the rate is about half of the bytes, without a new encoder") {
  Film film(640, 360, 4'000'000);
  const auto bytes_of = [&](int pictures) {
    std::size_t sum = 0;
    for (int i = 0; i < pictures; ++i) {
      const Coded coded = film.next();
      CHECK_FALSE((i > 0 && coded.packet.keyframe));
      sum += coded.bytes.size();
    }
    return static_cast<double>(sum);
  };
  bytes_of(20);
  const double before = bytes_of(60);
  film.encoder().set_rate(PictureRate::of(2'000'000, 60));
  bytes_of(20);
  // Half of the bits a second, and half as many pictures.
  const double after = bytes_of(30);
  INFO(before << " bytes, then " << after);
  CHECK(after / before > 0.35);
  CHECK(after / before < 0.65);
}

TEST_CASE("a picture takes its share of the rate, the first one too") {
  Film film(1280, 720, 8'000'000);
  const std::size_t share = 8'000'000 / 8 / 60;
  for (int i = 0; i < 20; ++i) CHECK(film.next().bytes.size() < share * 5 / 2);
}

TEST_CASE("a picture of another size in the middle of the stream is decoded as it is") {
  PictureDecoder decoder = a_decoder();
  for (const std::uint32_t width : {320u, 640u, 160u}) {
    Film film(width, width / 2);
    for (std::uint64_t i = 0; i < 4; ++i) {
      const Coded coded = film.next();
      const auto decoded =
          decoder.decode(coded.packet, codec::PictureDecoder::copied(coded.bytes), i);
      REQUIRE(decoded);
      CHECK(decoded->width == width);
      CHECK(decoded->height == width / 2);
      if (i == 3) CHECK(test::psnr(film.canvas, shown(*decoded)) > 35);
    }
  }
}

TEST_CASE("other codecs work alike") {
  for (const char* name : {"mjpeg", "libvpx", "mpeg4"}) {
    INFO(name);
    if (!find_picture_encoder(name)) continue;
    Film film(320, 180, 20'000'000, {.encoder = name});
    PictureDecoder decoder = a_decoder();
    for (std::uint64_t i = 0; i < 10; ++i) {
      const Coded coded = film.next();
      const auto decoded =
          decoder.decode(coded.packet, codec::PictureDecoder::copied(coded.bytes), i);
      REQUIRE(decoded);
      CHECK(test::psnr(film.canvas, shown(*decoded)) > 25);
    }
  }
}

TEST_CASE("damaged packets cost pictures and nothing else") {
  media::log_nothing();
  const std::uint32_t seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  Film film(160, 96);
  std::vector<Coded> packets;
  for (int i = 0; i < 40; ++i) packets.push_back(film.next(i % 10 == 0));
  PictureDecoder decoder = a_decoder();
  constexpr int kMutations = 10'000;
  int damaged = 0;
  for (int i = 0; i < kMutations; ++i) {
    dummy::SeededRandom random(seed, static_cast<std::uint64_t>(i));
    Coded coded = packets[static_cast<std::size_t>(i) % packets.size()];
    const auto size = static_cast<std::uint32_t>(coded.bytes.size());
    switch (random.between(0, 3)) {
      case 0:
        for (std::uint32_t n = random.between(1, 20); n > 0; --n)
          coded.bytes[random.between(0, size - 1)] = std::byte(random.between(0, 255));
        break;
      case 1: coded.bytes.resize(random.between(0, size - 1)); break;
      case 2:
        coded.bytes[random.between(0, std::min(size - 1, 60u))] ^=
            std::byte(1u << random.between(0, 7));
        break;
      default: coded.packet.keyframe = !coded.packet.keyframe; break;
    }
    if (!decoder.decode(coded.packet, codec::PictureDecoder::copied(coded.bytes), 1)) ++damaged;
  }
  CHECK(damaged > kMutations / 20);
  const Coded key = film.next(true);
  const auto decoded = decoder.decode(key.packet, codec::PictureDecoder::copied(key.bytes), 7);
  REQUIRE(decoded);
  CHECK(test::psnr(film.canvas, shown(*decoded)) > 25);
}

TEST_CASE("after a damaged packet nothing comes until a keyframe") {
  Film film(160, 96);
  PictureDecoder decoder = a_decoder();
  const Coded first = film.next();
  REQUIRE(decoder.decode(first.packet, codec::PictureDecoder::copied(first.bytes), 1)->frame);
  Coded broken = film.next();
  broken.bytes.resize(broken.bytes.size() / 2);
  const auto refused =
      decoder.decode(broken.packet, codec::PictureDecoder::copied(broken.bytes), 2);
  CHECK((!refused || refused->frame == nullptr));
  CHECK(decoder.needs_keyframe());
  const Coded next = film.next();
  CHECK(decoder.decode(next.packet, codec::PictureDecoder::copied(next.bytes), 3)->frame ==
        nullptr);
  const Coded key = film.next(true);
  CHECK(decoder.decode(key.packet, codec::PictureDecoder::copied(key.bytes), 4)->frame != nullptr);
}

TEST_CASE("lies about codecs and sizes are refused") {
  PictureDecoder decoder = a_decoder();
  Film film(160, 96);
  Coded coded = film.next();
  coded.packet.codec = "rawvideo";
  const auto refused = decoder.decode(coded.packet, codec::PictureDecoder::copied(coded.bytes), 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::unsupported);
  CHECK(refused.error().message() ==
        "a packet of codec 'rawvideo', expected h264, mjpeg, vp8, mpeg4");

  coded.packet.codec = "h264";
  coded.packet.width = 16'000;
  coded.packet.height = 16'000;
  const auto decoded = decoder.decode(coded.packet, codec::PictureDecoder::copied(coded.bytes), 1);
  REQUIRE(decoded);
  CHECK(decoded->width == 160);

  CHECK_FALSE(decoder.decode(coded.packet, codec::PictureDecoder::copied({}), 1));
  const auto unknown = PictureDecoder::make({"h264", "no-such-codec"}, 1);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message().find("'no-such-codec'") != std::string::npos);
}

TEST_CASE("a picture of 16k x 16k pixels in a packet is refused") {
  // The head of a key frame of VP8 says the size, 14 bits each.
  std::vector<std::byte> bytes(64);
  const unsigned char head[] = {0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F};
  for (std::size_t i = 0; i < sizeof(head); ++i) bytes[i] = std::byte{head[i]};
  MediaPacket packet;
  packet.codec = "vp8";
  packet.keyframe = true;
  PictureDecoder decoder = a_decoder();
  CHECK_FALSE(decoder.decode(packet, codec::PictureDecoder::copied(bytes), 1));
}

TEST_CASE("an encoder that is not there, or has no such option, is refused with what is") {
  const auto none = find_picture_encoder("h266");
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Errc::unsupported);
  CHECK(none.error().message().find("'h266'") != std::string::npos);
  CHECK(none.error().message().find("libx264") != std::string::npos);
  const auto odd = PictureEncoder::open({.options = {{"no-such-option", "1"}}}, 320, 180, {});
  REQUIRE_FALSE(odd);
  CHECK(odd.error().code() == Errc::invalid);
  CHECK(odd.error().message().find("'no-such-option'") != std::string::npos);
}
