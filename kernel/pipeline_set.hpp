#pragma once

#include "pipelines/router.hpp"

#include <dkvm/result.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// The pipelines that are wanted: those of the file, those made at run time,
// and which of either somebody has switched on or off. A reload replaces the
// first and keeps the others; where the file now says another `enabled` than
// it did, that is the latest word, and counts.
class PipelineSet {
 public:
  explicit PipelineSet(Router& router) : router_(router) {}

  // Called after every change.
  void on_changed(std::function<void()> callback) { on_changed_ = std::move(callback); }

  // All that are wanted, each on or off as it was last said.
  std::vector<PipelineSpec> all() const {
    std::vector<PipelineSpec> specs = from_file_;
    for (const auto& [name, spec] : made_) specs.push_back(spec);
    return as_said(std::move(specs), switched_);
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
    std::map<std::string, bool> switched = switched_beside(from_file, specs);
    DKVM_CHECK(router_.apply(as_said(std::move(specs), switched), std::move(switches), now_ns));
    from_file_ = std::move(from_file);
    made_ = std::move(made);
    switched_ = std::move(switched);
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
  static std::vector<PipelineSpec> as_said(std::vector<PipelineSpec> specs,
                                           const std::map<std::string, bool>& switched) {
    for (PipelineSpec& spec : specs)
      if (const auto found = switched.find(spec.name); found != switched.end())
        spec.enabled = found->second;
    return specs;
  }

  // Which of these are still on or off by somebody's word, when this is the file.
  std::map<std::string, bool> switched_beside(const std::vector<PipelineSpec>& from_file,
                                              const std::vector<PipelineSpec>& specs) const {
    std::map<std::string, bool> kept;
    for (const auto& [name, enabled] : switched_) {
      const auto before = std::ranges::find(from_file_, name, &PipelineSpec::name);
      const auto now = std::ranges::find(from_file, name, &PipelineSpec::name);
      const bool file_says_so =
          before != from_file_.end() && now != from_file.end() && before->enabled != now->enabled;
      if (!file_says_so && std::ranges::find(specs, name, &PipelineSpec::name) != specs.end())
        kept[name] = enabled;
    }
    return kept;
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
