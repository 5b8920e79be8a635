#pragma once

#include "tests/unit/sdk/pool_rig.hpp"

#include <string>
#include <utility>
#include <vector>

// A device with a source of frames, on the stream of a kernel that a test plays.
namespace dkvm::test {

struct Screen {
  Screen() {
    out.on_slots([this] { ++refills; });
  }
  Device device{"acme-screen", "A test's screen"};
  OutPort& out = device.source<DisplayFrame>({.name = "screen"});
  int refills = 0;
};

struct ScreenRig : Screen, PoolRig {
  ScreenRig() : PoolRig(device) {}

  // Asks for a pool; the id of the call.
  std::uint64_t ask(PoolOptions options = {.slot_bytes = 100}) {
    REQUIRE(out.open_pool(std::move(options)));
    const auto frames = heard();
    REQUIRE(names_of(frames) == "request");
    return frames[0].header.sequence();
  }
  // Opens a pool as the kernel does, with its memory.
  detail::Fd open_granted(std::uint32_t id, std::vector<std::uint32_t> slots = {0, 1, 2},
                          std::uint64_t slot_bytes = 100) {
    auto memory = make_memory(4 * kStride);
    open(pool(id, true), memory);
    const auto frames = heard();
    REQUIRE(names_of(frames) == "pool_mapped");
    REQUIRE(frames[0].as<wire::PoolIdT>().pool == id);
    std::vector<wire::BufferRef> refs;
    for (const auto slot : slots) refs.push_back(ref(id, slot, slot_bytes));
    grant(1, refs);
    return memory;
  }
  detail::Fd opened(std::uint32_t id = 7, PoolOptions options = {.slot_bytes = 100}) {
    answer(ask(std::move(options)), "{\"pool\":" + std::to_string(id) + ",\"slot_count\":4}");
    return open_granted(id);
  }
  bool has_ended() {
    settle();
    return context().finished();
  }
};

}  // namespace dkvm::test
