#pragma once

#include "tests/unit/pipelines/rig.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

// A screen and who looks at it, for the tests of buffers.
namespace dkvm::test {

inline constexpr PortRef kSource{1, 0};
inline constexpr PortRef kSink{2, 0};

// A source (1) and a sink (2) with this share of its buffers.
struct Screen : Rig {
  explicit Screen(FakeAccount::Share share, std::optional<Policy> policy = std::nullopt,
                  std::size_t depth = 100) {
    account.shares[kSink] = share;
    desk();
    apply({queued(pipeline("screen", "keyboard", "desk"), policy, depth)});
    host.upstream.clear();  // what a sink asks for when it joins
    now += kSecond;
  }
  std::uint64_t dropped(Drop reason) const { return edge("screen").counters.dropped_for(reason); }
};

inline FakeAccount::Share leases(std::size_t count) { return {count, 1000}; }
inline FakeAccount::Share queue(std::size_t count) { return {1000, count}; }

}  // namespace dkvm::test
