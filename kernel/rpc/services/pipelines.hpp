#pragma once

#include "kernel/pipeline_set.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/switchboard.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace dkvm {

// pipelines.*: what is routed where, how well, and changing it while it runs.
struct PipelineServices {
  Switchboard& switchboard;
  PipelineSet& pipelines;
  // Reads and checks one pipeline as the YAML would have it, against all that
  // is configured. Errors: Errc::invalid with the located messages.
  std::function<Result<PipelineSpec>(const std::string& text)> parse;

  void add_to(ServiceTable& table);
};

// That there is no such pipeline, and which one may be meant.
Error no_pipeline(std::string_view name, const Router& router);

}  // namespace dkvm
