#pragma once

#include "pipelines/stages/arguments.hpp"
#include "pipelines/stages/stage.hpp"

#include <dkvm/result.hpp>

#include <nlohmann/json.hpp>

#include <memory>

namespace dkvm {

// `remap: {KEY_CAPSLOCK: KEY_LEFTCTRL}`: keys become keys, buttons buttons,
// all at once (a swap is a swap). Input states are rewritten likewise.
ArgumentComplaints check_remap(const nlohmann::json& arguments);
Result<std::unique_ptr<Stage>> make_remap(const nlohmann::json& arguments,
                                          const TopicResolver& topics);

}  // namespace dkvm
