#pragma once

#include <dkvm/wire/frame_generated.h>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

// A pool of shared memory as its producer asks for it and sees it.
// Source: docs/protocol.md, "Buffers".
namespace dkvm {

// A pool while helpers are attached to it and taken off again.
// Shape: slot_count slots of slot_bytes, one every stride bytes
// Units: stride is whole pages
// Life:  bytes until detach() has returned, fd during attach() (then -1)
struct PoolView {
  std::uint32_t pool = 0;
  int fd = -1;
  std::span<std::byte> bytes{};
  std::size_t slot_bytes = 0;
  std::size_t stride = 0;
  std::size_t slot_count = 0;
};

struct PoolOptions {
  std::size_t slot_bytes = 0;
  unsigned slots = 3;  // the writer's own, 1 to kWriterSlotsMax; consumers' come on top
  wire::MemoryKind memory = wire::MemoryKind::memfd;  // or named: trusted devices only
  // For whoever else must write to the pool (an X server, a codec): called once it
  // is mapped, before it is sealed against further writers. Called for every pool of
  // the port, also for the larger ones that the kernel opens by itself. An error
  // ends the device.
  std::function<Result<>(const PoolView&)> attach{};
  // Called before such a pool is unmapped.
  std::function<void(const PoolView&)> detach{};
};

}  // namespace dkvm
