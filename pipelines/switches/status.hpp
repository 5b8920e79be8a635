#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// A target that takes nothing for so long is away. A link says that its peer is silent
// after 400 ms: the input is home within a second.
inline constexpr std::uint64_t kStallNsMax = 300'000'000;

// A switch at this moment, for people.
struct SwitchStatus {
  struct Target {
    enum class State : std::uint8_t { home, ready, away };

    std::string name;
    std::string to;  // empty: the sources' own machine
    State state = State::ready;
  };

  std::string name;
  std::string target;  // who has the input
  std::string wanted;  // who gets it once the sources have let go; else as target
  std::string home;
  bool locked = false;
  std::string reason;
  std::vector<Target> targets;
  std::vector<std::string> sources;
};

// A wish to move the input. lock: the pointer and `next` stay there, or not any more;
// nothing: as it is, and not locked at another target.
struct SwitchWish {
  std::string target;
  std::string reason = "asked";
  std::optional<bool> lock{};
};

constexpr std::string_view name(SwitchStatus::Target::State state) {
  switch (state) {
    case SwitchStatus::Target::State::home: return "home";
    case SwitchStatus::Target::State::ready: return "ready";
    case SwitchStatus::Target::State::away: return "away";
  }
  return "unknown";
}

}  // namespace dkvm
