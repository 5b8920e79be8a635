#pragma once

#include "pipelines/spec.hpp"

#include <dkvm/wire/upstream_generated.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dkvm {

// Where the input of a switch can go.
struct SwitchTarget {
  std::string name;
  std::string to;         // an address; empty: the sources' own machine
  bool relative = false;  // motion goes there as the sources say it

  bool operator==(const SwitchTarget&) const = default;
};

// A chord that does something. Its last key goes nowhere.
struct Hotkey {
  enum class Act : std::uint8_t { target, next, lock };

  Act act = Act::target;
  std::string target{};
  std::vector<std::uint16_t> codes{};  // 1 .. kCodesPerChordMax

  bool operator==(const Hotkey&) const = default;
};

// Beyond this side of a target's desktop lies that of another. The way back is
// implied where nothing else is said of it.
struct Neighbour {
  std::string target;
  wire::Side side = wire::Side::right;
  std::string beyond;

  bool operator==(const Neighbour&) const = default;
};

// A switch as wanted: who of its targets has the input of its sources.
struct SwitchSpec {
  std::string name;
  std::vector<std::string> sources;  // addresses of devices, or of their ports
  std::string home;                  // one of the targets
  std::vector<SwitchTarget> targets;
  std::vector<Hotkey> hotkeys;
  std::vector<Neighbour> layout;
  std::uint64_t delay_ns = 0;  // the pointer pushes this long before it crosses
  std::uint32_t corners = 16;  // pixels at both ends of a side that do not cross

  bool operator==(const SwitchSpec&) const = default;
};

// The pipeline of a target: `SWITCH/TARGET`.
inline std::string pipeline_name(const SwitchSpec& spec, const SwitchTarget& target) {
  return spec.name + "/" + target.name;
}

// Those of all targets with an address.
inline std::vector<PipelineSpec> target_pipelines(const SwitchSpec& spec) {
  std::vector<PipelineSpec> pipelines;
  for (const SwitchTarget& target : spec.targets) {
    if (target.to.empty()) continue;
    PipelineSpec pipeline;
    pipeline.name = pipeline_name(spec, target);
    pipeline.from = spec.sources;
    pipeline.to = {target.to};
    pipeline.events = {"key",   "pointer_motion", "pointer_button", "pointer_scroll",
                       "touch", "input_state"};
    pipeline.of_switch = true;
    pipelines.push_back(std::move(pipeline));
  }
  return pipelines;
}

}  // namespace dkvm
