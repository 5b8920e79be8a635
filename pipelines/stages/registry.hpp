#pragma once

#include "pipelines/stages/stage.hpp"

#include <dkvm/result.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <span>
#include <string_view>

namespace dkvm {

struct StageKind {
  std::string_view name;
  std::string_view help;
  // Errors: Errc::invalid, saying what the arguments should be.
  Result<> (*check)(const nlohmann::json& arguments);
  Result<std::unique_ptr<Stage>> (*make)(const nlohmann::json& arguments,
                                         const TopicResolver& topics);
};

// All stages that `via` may name.
std::span<const StageKind> known_stages();

// Null when there is no stage of that name.
const StageKind* find_stage(std::string_view name);

}  // namespace dkvm
