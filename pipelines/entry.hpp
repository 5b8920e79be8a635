#pragma once

#include "pipelines/body_pool.hpp"
#include "pipelines/policy.hpp"

#include <dkvm/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace dkvm::detail {

class Edge;

// One queued event: the frame's header and a private copy of the rest, inside
// the entry where it fits. Trivially movable; whoever drops one gives its body
// back with free_body().
// Shape: three cache lines.
struct alignas(64) Entry {
  wire::FrameHeader header;
  Edge* edge;  // null: dropped already, only its place is left
  std::uint64_t received_ns;
  std::uint64_t age_ns;  // spent in earlier kernels
  std::byte* far;        // the body where it is too large for `near`
  std::uint32_t body_bytes;
  std::uint16_t code;  // of keys and buttons
  Policy policy;
  bool down : 1;
  bool made : 1;     // by the router: a release, or a modifier pressed again
  bool chained : 1;  // of a topic with deltas
  bool apart : 1;    // in the bulk lane, though not for its topic
  alignas(8) std::byte near[80];

  std::byte* body() { return far != nullptr ? far : near; }
  const std::byte* body() const { return far != nullptr ? far : near; }

  std::size_t payload_at() const {
    return header.buffer_count() * kBufferRefBytes + header.hop_count() * kHopStampBytes;
  }
  std::span<std::byte> payload() { return {body() + payload_at(), header.payload_size()}; }

  // The views of the queued event; valid while the entry is.
  Frame frame() const {
    const std::size_t buffers = header.buffer_count() * kBufferRefBytes;
    return {header,
            {body(), buffers},
            {body() + buffers, payload_at() - buffers},
            {body() + payload_at(), header.payload_size()}};
  }

  // Copies the frame; the entry's former body was freed.
  void store(const Frame& source, BodyPool& pool) {
    header = source.header;
    body_bytes = static_cast<std::uint32_t>(source.buffers.size() + source.hops.size() +
                                            source.payload.size());
    far = body_bytes > sizeof(near) ? pool.get(body_bytes) : nullptr;
    std::byte* at = body();
    const auto put = [&at](Bytes bytes) {
      if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
      at += bytes.size();
    };
    put(source.buffers);
    put(source.hops);
    put(source.payload);
  }

  void free_body(BodyPool& pool) {
    if (far != nullptr) pool.put(far, body_bytes);
    far = nullptr;
  }
};

static_assert(sizeof(Entry) == 192);

}  // namespace dkvm::detail
