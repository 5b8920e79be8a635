#pragma once

#include <dkvm/wire/frame_generated.h>
#include <dkvm/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

// Frames as bytes: the layout and nothing of its meaning.
// Source: docs/protocol.md, "Frame".
namespace dkvm {

inline constexpr std::uint32_t kFrameMagic = 0x4D564B64;  // "dKVM" in memory
inline constexpr std::uint8_t kFrameVersion = 1;

inline constexpr std::uint16_t kFlagDelta = 1;        // useless without its predecessor
inline constexpr std::uint16_t kFlagDiscardable = 2;  // may be dropped under pressure

static_assert(sizeof(wire::FrameHeader) == kHeaderBytes);
static_assert(sizeof(wire::BufferRef) == kBufferRefBytes);
static_assert(sizeof(wire::HopStamp) == kHopStampBytes);

using Bytes = std::span<const std::byte>;

inline wire::FrameKind kind_of(const wire::FrameHeader& header) {
  return static_cast<wire::FrameKind>(header.kind());
}

inline wire::FrameHeader make_header(wire::FrameKind kind) {
  wire::FrameHeader header;
  header.mutate_magic(kFrameMagic);
  header.mutate_version(kFrameVersion);
  header.mutate_kind(static_cast<std::uint8_t>(kind));
  return header;
}

// Bytes of header, buffers, hops and payload, without the padding.
inline std::size_t unpadded_bytes(const wire::FrameHeader& header) {
  return kHeaderBytes + header.buffer_count() * kBufferRefBytes +
         header.hop_count() * kHopStampBytes + header.payload_size();
}

inline std::size_t padded_bytes(std::size_t bytes) {
  return (bytes + kFrameAlignBytes - 1) & ~(kFrameAlignBytes - 1);
}

inline std::size_t frame_bytes(const wire::FrameHeader& header) {
  return padded_bytes(unpadded_bytes(header));
}

template <class Struct>
Struct read_struct(Bytes bytes, std::size_t index) {
  Struct value;
  std::memcpy(&value, bytes.data() + index * sizeof(Struct), sizeof(Struct));
  return value;
}

// One whole frame. The views lie in the decoder's bytes and live as long.
struct Frame {
  wire::FrameHeader header;
  Bytes buffers;
  Bytes hops;
  Bytes payload;

  wire::FrameKind kind() const { return kind_of(header); }
  wire::BufferRef buffer(std::size_t index) const {
    return read_struct<wire::BufferRef>(buffers, index);
  }
  wire::HopStamp hop(std::size_t index) const { return read_struct<wire::HopStamp>(hops, index); }
};

// What is wrong with a frame's layout; any of them ends the sender.
enum class FrameFault : std::uint8_t {
  none,
  magic,
  version,
  kind,
  too_many_buffers,
  too_many_hops,
  payload_too_large,
  padding_not_zero,
};

constexpr std::string_view describe(FrameFault fault) {
  switch (fault) {
    case FrameFault::none: return "no fault";
    case FrameFault::magic: return "a frame does not begin with the magic \"dKVM\"";
    case FrameFault::version: return "a frame has an unknown layout version";
    case FrameFault::kind: return "a frame has an unknown kind";
    case FrameFault::too_many_buffers: return "a frame carries more than 16 buffers";
    case FrameFault::too_many_hops: return "a frame carries more than 8 hop stamps";
    case FrameFault::payload_too_large: return "a frame announces more than 65536 payload bytes";
    case FrameFault::padding_not_zero: return "a frame's padding is not zero";
  }
  return "unknown fault";
}

// Reads whole frames from the front of a run of bytes. Nothing is copied but
// the header, and no length is trusted before it is checked.
class FrameDecoder {
 public:
  // Life: bytes must outlive the frames that next() gives.
  // Shape: bytes.data() is aligned to 8, so that payloads are too.
  explicit FrameDecoder(Bytes bytes) : bytes_(bytes) {}

  // True with the next frame; false when more bytes are needed or at a fault.
  bool next(Frame& frame) {
    const Bytes rest = bytes_.subspan(consumed_);
    if (rest.size() < kHeaderBytes) return false;
    std::memcpy(&frame.header, rest.data(), kHeaderBytes);
    fault_ = check(frame.header);
    if (fault_ != FrameFault::none) return false;
    const std::size_t unpadded = unpadded_bytes(frame.header);
    const std::size_t padded = padded_bytes(unpadded);
    if (rest.size() < padded) return false;
    for (std::size_t i = unpadded; i < padded; ++i) {
      if (rest[i] != std::byte{0}) {
        fault_ = FrameFault::padding_not_zero;
        return false;
      }
    }
    slice(rest, frame);
    consumed_ += padded;
    return true;
  }

  // Bytes of the frames given so far; what follows belongs to the next one.
  std::size_t consumed() const { return consumed_; }
  FrameFault fault() const { return fault_; }

 private:
  static FrameFault check(const wire::FrameHeader& header) {
    if (header.magic() != kFrameMagic) return FrameFault::magic;
    if (header.version() != kFrameVersion) return FrameFault::version;
    if (header.kind() == 0 || header.kind() > static_cast<std::uint8_t>(wire::FrameKind::MAX))
      return FrameFault::kind;
    if (header.buffer_count() > kBuffersPerFrameMax) return FrameFault::too_many_buffers;
    if (header.hop_count() > kHopsMax) return FrameFault::too_many_hops;
    if (header.payload_size() > kPayloadBytesMax) return FrameFault::payload_too_large;
    return FrameFault::none;
  }

  static void slice(Bytes rest, Frame& frame) {
    std::size_t at = kHeaderBytes;
    const auto take = [&](std::size_t count) {
      const Bytes part = rest.subspan(at, count);
      at += count;
      return part;
    };
    frame.buffers = take(frame.header.buffer_count() * kBufferRefBytes);
    frame.hops = take(frame.header.hop_count() * kHopStampBytes);
    frame.payload = take(frame.header.payload_size());
  }

  Bytes bytes_;
  std::size_t consumed_ = 0;
  FrameFault fault_ = FrameFault::none;
};

// Writes one frame at `out`, which has room for frame_bytes(frame.header); the
// header's counts and sizes must be those of the views. Returns its size.
inline std::size_t write_frame(std::byte* out, const Frame& frame) {
  const auto put = [&out](const void* data, std::size_t bytes) {
    if (bytes != 0) std::memcpy(out, data, bytes);
    out += bytes;
  };
  put(&frame.header, kHeaderBytes);
  put(frame.buffers.data(), frame.buffers.size());
  put(frame.hops.data(), frame.hops.size());
  put(frame.payload.data(), frame.payload.size());
  const std::size_t unpadded = unpadded_bytes(frame.header);
  const std::size_t padded = padded_bytes(unpadded);
  std::memset(out, 0, padded - unpadded);
  return padded;
}

// Sets the header's counts and sizes from the views.
inline void seal(Frame& frame) {
  frame.header.mutate_buffer_count(
      static_cast<std::uint8_t>(frame.buffers.size() / kBufferRefBytes));
  frame.header.mutate_hop_count(static_cast<std::uint8_t>(frame.hops.size() / kHopStampBytes));
  frame.header.mutate_payload_size(static_cast<std::uint32_t>(frame.payload.size()));
}

// Appends one frame to a growing run of bytes.
inline void append_frame(std::vector<std::byte>& out, Frame frame) {
  seal(frame);
  const std::size_t at = out.size();
  out.resize(at + frame_bytes(frame.header));
  write_frame(out.data() + at, frame);
}

}  // namespace dkvm
