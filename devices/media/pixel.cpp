#include "devices/media/pixel.hpp"

namespace dkvm::media {
namespace {

// Where each part stands in a pixel of whole bytes; alpha is -1 without any.
struct Order {
  int r, g, b, a;
  bool opaque;  // the fourth byte means nothing
};

constexpr Order order_of(std::uint32_t fourcc) {
  switch (fourcc) {
    case kAR24: return {2, 1, 0, 3, false};
    case kXB24: return {0, 1, 2, 3, true};
    case kAB24: return {0, 1, 2, 3, false};
    case kRG24: return {2, 1, 0, -1, true};
    case kBG24: return {0, 1, 2, -1, true};
    default: return {2, 1, 0, 3, true};  // XR24
  }
}

// A part of five or six bits as eight, so that all ones stay all ones.
constexpr std::uint8_t widened(unsigned value, unsigned bits) {
  return static_cast<std::uint8_t>(value << (8 - bits) | value >> (2 * bits - 8));
}

}  // namespace

Rgba read_pixel(std::uint32_t fourcc, const std::byte* at) {
  const auto byte = [at](int index) { return std::to_integer<std::uint8_t>(at[index]); };
  if (fourcc == kRG16) {
    const unsigned value = byte(0) | unsigned{byte(1)} << 8;
    return {widened(value >> 11, 5), widened(value >> 5 & 0x3F, 6), widened(value & 0x1F, 5)};
  }
  const Order order = order_of(fourcc);
  return {byte(order.r), byte(order.g), byte(order.b),
          order.opaque ? std::uint8_t{255} : byte(order.a)};
}

void write_pixel(std::uint32_t fourcc, const Rgba& pixel, std::byte* at) {
  if (fourcc == kRG16) {
    const unsigned value = (pixel.r >> 3u) << 11 | (pixel.g >> 2u) << 5 | pixel.b >> 3u;
    at[0] = std::byte(value & 0xFF);
    at[1] = std::byte(value >> 8);
    return;
  }
  const Order order = order_of(fourcc);
  at[order.r] = std::byte{pixel.r};
  at[order.g] = std::byte{pixel.g};
  at[order.b] = std::byte{pixel.b};
  if (order.a >= 0) at[order.a] = std::byte{order.opaque ? std::uint8_t{255} : pixel.a};
}

}  // namespace dkvm::media
