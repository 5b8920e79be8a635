#pragma once

#include "pipelines/router.hpp"

#include <dkvm/result.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// The pipelines that are wanted: those of the file, those made at run time,
// and which of either somebody has switched on or off. A reload replaces the
// first and keeps the others.
class PipelineSet {
 public:
  explicit PipelineSet(Router& router) : router_(router) {}

  // The file's pipelines. Errors: Errc::invalid, and nothing has changed.
  Result<> load(std::vector<PipelineSpec> from_file, std::uint64_t now_ns) {
    std::vector<PipelineSpec> all = from_file;
    std::map<std::string, PipelineSpec> made = made_;
    for (const PipelineSpec& spec : from_file) made.erase(spec.name);
    for (const auto& [name, spec] : made) all.push_back(spec);
    std::set<std::string> names;
    for (PipelineSpec& spec : all) {
      names.insert(spec.name);
      if (const auto found = switched_.find(spec.name); found != switched_.end())
        spec.enabled = found->second;
    }
    DKVM_CHECK(router_.apply(std::move(all), now_ns));
    made_ = std::move(made);
    std::erase_if(switched_, [&](const auto& each) { return !names.contains(each.first); });
    return {};
  }

  Result<> add(PipelineSpec spec, std::uint64_t now_ns) {
    DKVM_CHECK(router_.add(spec, now_ns));
    std::string name = spec.name;
    made_[std::move(name)] = std::move(spec);
    return {};
  }

  Result<> remove(const std::string& name, std::uint64_t now_ns) {
    DKVM_CHECK(router_.remove(name, now_ns));
    made_.erase(name);
    switched_.erase(name);
    return {};
  }

  Result<> enable(const std::string& name, bool enabled, std::uint64_t now_ns) {
    DKVM_CHECK(router_.enable(name, enabled, now_ns));
    switched_[name] = enabled;
    return {};
  }

 private:
  Router& router_;
  std::map<std::string, PipelineSpec> made_;
  std::map<std::string, bool> switched_;
};

}  // namespace dkvm
