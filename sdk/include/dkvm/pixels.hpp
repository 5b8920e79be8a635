#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Pixel formats by the names of DRM (drm_fourcc.h): packed, little-endian.
namespace dkvm {

constexpr std::uint32_t fourcc_of(char a, char b, char c, char d) {
  const auto byte = [](char letter) { return std::uint32_t{static_cast<unsigned char>(letter)}; };
  return byte(a) | byte(b) << 8 | byte(c) << 16 | byte(d) << 24;
}

// A pixel's bytes in memory stand behind each.
inline constexpr std::uint32_t kXR24 = fourcc_of('X', 'R', '2', '4');  // B G R x
inline constexpr std::uint32_t kAR24 = fourcc_of('A', 'R', '2', '4');  // B G R A
inline constexpr std::uint32_t kXB24 = fourcc_of('X', 'B', '2', '4');  // R G B x
inline constexpr std::uint32_t kAB24 = fourcc_of('A', 'B', '2', '4');  // R G B A
inline constexpr std::uint32_t kRG24 = fourcc_of('R', 'G', '2', '4');  // B G R
inline constexpr std::uint32_t kBG24 = fourcc_of('B', 'G', '2', '4');  // R G B
inline constexpr std::uint32_t kRG16 = fourcc_of('R', 'G', '1', '6');  // 5 bits R, 6 G, 5 B

inline constexpr std::uint32_t kPixelFormats[] = {kXR24, kAR24, kXB24, kAB24, kRG24, kBG24, kRG16};

// 0 for a format that is none of kPixelFormats.
constexpr std::uint32_t bytes_per_pixel(std::uint32_t fourcc) {
  switch (fourcc) {
    case kXR24:
    case kAR24:
    case kXB24:
    case kAB24: return 4;
    case kRG24:
    case kBG24: return 3;
    case kRG16: return 2;
    default: return 0;
  }
}

// "XR24"; what is not printable becomes '?'.
inline std::string fourcc_name(std::uint32_t fourcc) {
  std::string name;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    const char letter = static_cast<char>(fourcc >> shift & 0xFF);
    name += letter > ' ' && letter < 0x7F ? letter : '?';
  }
  return name;
}

// nullopt for a name that is none of kPixelFormats.
inline std::optional<std::uint32_t> fourcc_from_name(std::string_view name) {
  for (const std::uint32_t fourcc : kPixelFormats)
    if (fourcc_name(fourcc) == name) return fourcc;
  return std::nullopt;
}

}  // namespace dkvm
