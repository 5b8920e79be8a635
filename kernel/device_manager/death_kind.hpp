#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dkvm {

// Why a process ended that did not end well, as few words as can be counted.
enum class DeathKind : std::uint8_t {
  exit,         // it gave up, with a status other than 0
  signal,       // of a signal that was not the kernel's
  hung,         // it gave no sign of life, or held input while it was stopped
  violation,    // it broke the protocol
  refused,      // it refused its configuration, or its hello was refused
  not_started,  // it could not be started, or ended before its hello
  stop,         // told to end, it did not do so by itself
  count_,
};

inline constexpr std::size_t kDeathKinds = static_cast<std::size_t>(DeathKind::count_);

// How often each has come to pass.
using DeathCounts = std::array<std::uint64_t, kDeathKinds>;

constexpr std::string_view name(DeathKind kind) {
  constexpr std::array<std::string_view, kDeathKinds> names = {
      "exit", "signal", "hung", "violation", "refused", "not_started", "stop"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace dkvm
