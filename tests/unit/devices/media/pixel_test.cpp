#include "devices/media/pixel.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace dkvm;
using namespace dkvm::media;

TEST_CASE("a pixel has its parts where DRM has them") {
  const Rgba pixel{0x11, 0x22, 0x33, 0x44};
  const auto bytes_of = [&](std::uint32_t fourcc) {
    std::array<int, 4> numbers{-1, -1, -1, -1};
    std::array<std::byte, 4> bytes{};
    write_pixel(fourcc, pixel, bytes.data());
    for (std::size_t i = 0; i < bytes_per_pixel(fourcc); ++i)
      numbers[i] = std::to_integer<int>(bytes[i]);
    return numbers;
  };
  CHECK(bytes_of(kXR24) == std::array{0x33, 0x22, 0x11, 0xFF});
  CHECK(bytes_of(kAR24) == std::array{0x33, 0x22, 0x11, 0x44});
  CHECK(bytes_of(kXB24) == std::array{0x11, 0x22, 0x33, 0xFF});
  CHECK(bytes_of(kAB24) == std::array{0x11, 0x22, 0x33, 0x44});
  CHECK(bytes_of(kRG24) == std::array{0x33, 0x22, 0x11, -1});
  CHECK(bytes_of(kBG24) == std::array{0x11, 0x22, 0x33, -1});
  CHECK(bytes_of(kRG16) == std::array{0x06, 0x11, -1, -1});  // 00010 001000 00110
}

TEST_CASE("what was written is read back, as far as the format holds it") {
  for (const std::uint32_t fourcc : kPixelFormats) {
    INFO(fourcc_name(fourcc));
    const bool has_alpha = fourcc == kAR24 || fourcc == kAB24;
    for (int level = 0; level < 256; ++level) {
      const auto part = static_cast<std::uint8_t>(level);
      const Rgba pixel{part, static_cast<std::uint8_t>(255 - level), 128, part};
      std::array<std::byte, 4> bytes{};
      write_pixel(fourcc, pixel, bytes.data());
      const Rgba back = read_pixel(fourcc, bytes.data());
      const int error = fourcc == kRG16 ? 7 : 0;
      CHECK(std::abs(back.r - pixel.r) <= error);
      CHECK(std::abs(back.g - pixel.g) <= error);
      CHECK(std::abs(back.b - pixel.b) <= error);
      CHECK(back.a == (has_alpha ? pixel.a : 255));
      std::array<std::byte, 4> again{};
      write_pixel(fourcc, back, again.data());
      CHECK(again == bytes);
    }
  }
}

TEST_CASE("formats have their names, and only these") {
  for (const std::uint32_t fourcc : kPixelFormats) {
    CHECK(fourcc_from_name(fourcc_name(fourcc)) == fourcc);
    CHECK(bytes_per_pixel(fourcc) != 0);
  }
  CHECK_FALSE(fourcc_from_name("NV12"));
  CHECK_FALSE(fourcc_from_name("XR2"));
  CHECK(bytes_per_pixel(fourcc_of('N', 'V', '1', '2')) == 0);
  CHECK(fourcc_name(0x01020304) == "????");
}
