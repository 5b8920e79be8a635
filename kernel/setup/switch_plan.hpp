#pragma once

#include "config/model.hpp"
#include "pipelines/switches/spec.hpp"

namespace dkvm {

// A switch of the file as the router has it.
SwitchSpec switch_of(const SwitchConfig& config);

}  // namespace dkvm
