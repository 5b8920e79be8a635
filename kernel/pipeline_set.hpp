#pragma once

#include "pipelines/router.hpp"

#include <dkvm/result.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
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

  // Called after every change.
  void on_changed(std::function<void()> callback) { on_changed_ = std::move(callback); }

  // All that are wanted, each on or off as it was last said.
  std::vector<PipelineSpec> all() const {
    std::vector<PipelineSpec> specs = from_file_;
    for (const auto& [name, spec] : made_) specs.push_back(spec);
    return as_switched(std::move(specs));
  }

  // Those made at run time that stay beside these of a file.
  std::vector<PipelineSpec> made_beside(const std::vector<PipelineSpec>& from_file) const {
    std::vector<PipelineSpec> specs;
    for (const auto& [name, spec] : made_)
      if (std::ranges::find(from_file, name, &PipelineSpec::name) == from_file.end())
        specs.push_back(spec);
    return specs;
  }

  // The file's pipelines, and the switches whose pipelines are among them. Errors:
  // Errc::invalid, and nothing has changed.
  Result<> load(std::vector<PipelineSpec> from_file, std::uint64_t now_ns) {
    return load(std::move(from_file), {}, now_ns);
  }
  Result<> load(std::vector<PipelineSpec> from_file, std::vector<SwitchSpec> switches,
                std::uint64_t now_ns) {
    std::map<std::string, PipelineSpec> made;
    std::vector<PipelineSpec> specs = from_file;
    for (PipelineSpec& spec : made_beside(from_file)) {
      specs.push_back(spec);
      made.emplace(spec.name, std::move(spec));
    }
    std::set<std::string> names;
    for (const PipelineSpec& spec : specs) names.insert(spec.name);
    DKVM_CHECK(router_.apply(as_switched(std::move(specs)), std::move(switches), now_ns));
    from_file_ = std::move(from_file);
    made_ = std::move(made);
    std::erase_if(switched_, [&](const auto& each) { return !names.contains(each.first); });
    return changed();
  }

  Result<> add(PipelineSpec spec, std::uint64_t now_ns) {
    DKVM_CHECK(router_.add(spec, now_ns));
    std::string name = spec.name;
    made_[std::move(name)] = std::move(spec);
    return changed();
  }

  Result<> remove(const std::string& name, std::uint64_t now_ns) {
    DKVM_CHECK(router_.remove(name, now_ns));
    std::erase_if(from_file_, [&](const PipelineSpec& spec) { return spec.name == name; });
    made_.erase(name);
    switched_.erase(name);
    return changed();
  }

  Result<> enable(const std::string& name, bool enabled, std::uint64_t now_ns) {
    DKVM_CHECK(router_.enable(name, enabled, now_ns));
    switched_[name] = enabled;
    return changed();
  }

 private:
  std::vector<PipelineSpec> as_switched(std::vector<PipelineSpec> specs) const {
    for (PipelineSpec& spec : specs)
      if (const auto found = switched_.find(spec.name); found != switched_.end())
        spec.enabled = found->second;
    return specs;
  }

  Result<> changed() {
    if (on_changed_) on_changed_();
    return {};
  }

  Router& router_;
  std::function<void()> on_changed_;
  std::vector<PipelineSpec> from_file_;
  std::map<std::string, PipelineSpec> made_;
  std::map<std::string, bool> switched_;
};

}  // namespace dkvm
