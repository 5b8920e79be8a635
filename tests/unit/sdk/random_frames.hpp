#pragma once

#include "tests/support/seed.hpp"

#include <dkvm/frame.hpp>

#include <vector>

// Frames with random but legal contents, and receivers for them.
namespace dkvm::test {

inline std::vector<std::byte> random_bytes(Random& random, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random.between(0, 255));
  return bytes;
}

// Appends one frame; its payload is any bytes: the codec does not look inside.
inline void append_random_frame(Random& random, std::vector<std::byte>& out) {
  constexpr std::size_t kPayloadsBytesMost[] = {0, 7, 64, 1000, kPayloadBytesMax};
  const auto buffers = random_bytes(random, random.between(0, 3) * kBufferRefBytes);
  const auto hops = random_bytes(random, random.between(0, kHopsMax) * kHopStampBytes);
  const auto payload =
      random_bytes(random, random.between(0, kPayloadsBytesMost[random.between(0, 4)]));
  const auto kind = random.between(1, static_cast<std::uint64_t>(wire::FrameKind::MAX));
  Frame frame{make_header(static_cast<wire::FrameKind>(kind)), buffers, hops, payload};
  frame.header.mutate_port(static_cast<std::uint16_t>(random.between(0, 0xFFFF)));
  frame.header.mutate_topic(static_cast<std::uint16_t>(random.between(0, 0xFFFF)));
  frame.header.mutate_sequence(random.between(0, UINT64_MAX));
  frame.header.mutate_origin_sequence(random.between(0, UINT64_MAX));
  append_frame(out, frame);
}

// One frame as bytes that can be compared: all parts, no padding.
inline std::vector<std::byte> parts_of(const Frame& frame) {
  std::vector<std::byte> bytes(unpadded_bytes(frame.header));
  std::vector<std::byte> padded(frame_bytes(frame.header));
  write_frame(padded.data(), frame);
  std::copy_n(padded.begin(), bytes.size(), bytes.begin());
  return bytes;
}

}  // namespace dkvm::test
