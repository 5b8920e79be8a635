#pragma once

#include "pipelines/policy.hpp"

#include <dkvm/result.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dkvm {

// One step of `via`: `remap: {KEY_CAPSLOCK: KEY_LEFTCTRL}`.
struct StageSpec {
  std::string name;
  nlohmann::json arguments;

  bool operator==(const StageSpec&) const = default;
};

struct QueueSpec {
  std::optional<Policy> policy;             // none: each topic's own
  std::optional<std::size_t> depth;         // entries, 1 .. kQueueDepthMax
  std::optional<std::uint64_t> max_age_ns;  // 0: never too old

  bool operator==(const QueueSpec&) const = default;
};

// A pipeline as wanted: every `from` to every `to`.
struct PipelineSpec {
  std::string name;
  std::vector<std::string> from;    // addresses
  std::vector<std::string> to;      // addresses
  std::vector<std::string> events;  // topic names; empty: all
  std::vector<StageSpec> via;
  QueueSpec queue;
  bool enabled = true;
  bool of_switch = false;  // its edges are there, and closed unless the switch opens them

  bool operator==(const PipelineSpec&) const = default;
};

// Checks what can be judged without any device: names, addresses, stages and
// their arguments, limits of the queue.
// Errors: Errc::invalid, saying which pipeline and what was expected.
Result<> check(const PipelineSpec& spec);

}  // namespace dkvm
