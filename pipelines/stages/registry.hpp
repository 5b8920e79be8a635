#pragma once

#include "pipelines/stages/arguments.hpp"
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
  // Empty when the arguments are right; everything that is wrong with them else.
  ArgumentComplaints (*check)(const nlohmann::json& arguments);
  // The arguments have passed check().
  Result<std::unique_ptr<Stage>> (*make)(const nlohmann::json& arguments,
                                         const TopicResolver& topics);
};

// All stages that `via` may name.
std::span<const StageKind> known_stages();

// Null when there is no stage of that name.
const StageKind* find_stage(std::string_view name);

// Errors: Errc::invalid with the first complaint about the arguments.
Result<> check_arguments(const StageKind& kind, const nlohmann::json& arguments);

}  // namespace dkvm
