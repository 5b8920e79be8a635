#pragma once

#include "pipelines/stages/arguments.hpp"
#include "pipelines/stages/stage.hpp"

#include <dkvm/result.hpp>

#include <nlohmann/json.hpp>

#include <memory>

namespace dkvm {

// `filter: {allow: [pointer_motion, KEY_A]}` lets through what is named, as a
// topic or as a code of a key or button; `{deny: [...]}` all but that.
ArgumentComplaints check_filter(const nlohmann::json& arguments);
Result<std::unique_ptr<Stage>> make_filter(const nlohmann::json& arguments,
                                           const TopicResolver& topics);

}  // namespace dkvm
