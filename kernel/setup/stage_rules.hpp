#pragma once

#include "config/check.hpp"
#include "config/suggest.hpp"
#include "pipelines/stages/registry.hpp"

#include <span>
#include <string>
#include <vector>

namespace dkvm {

// The stages that there are, in the words of the configuration's checks.
inline std::span<const StageRule> stage_rules() {
  static const std::vector<StageRule> rules = [] {
    std::vector<StageRule> all;
    for (const StageKind& kind : known_stages())
      all.push_back({std::string(kind.name), [check = kind.check](const nlohmann::json& arguments) {
                       std::vector<StageComplaint> complaints;
                       for (const ArgumentComplaint& each : check(arguments))
                         complaints.push_back(
                             {each.pointer,
                              each.message() + detail::did_you_mean(each.written, each.names),
                              each.of_key});
                       return complaints;
                     }});
    return all;
  }();
  return rules;
}

}  // namespace dkvm
