#pragma once

#include "config/limits.hpp"
#include "config/location.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace dkvm::detail {

// Collects errors; past kConfigErrorsKeptMax further ones are only counted.
class ErrorList {
 public:
  void add(Location at, std::string message, bool unfinished = false) {
    if (full()) {
      ++uncollected_;
      return;
    }
    errors_.push_back({std::move(at), std::move(message), unfinished});
  }

  bool full() const { return errors_.size() >= kConfigErrorsKeptMax; }
  bool empty() const { return errors_.empty(); }
  std::size_t size() const { return errors_.size(); }

  // In the order of the text, file by file; what an alias repeats is said once.
  // Past kConfigErrorsMax the last item says how many more there are.
  ConfigErrors take() {
    std::stable_sort(errors_.begin(), errors_.end(), [](const auto& a, const auto& b) {
      return std::tuple(a.at.file_name(), a.at.line, a.at.column) <
             std::tuple(b.at.file_name(), b.at.line, b.at.column);
    });
    const auto same = [](const ConfigError& a, const ConfigError& b) {
      return a.message == b.message && to_string(a.at) == to_string(b.at);
    };
    errors_.erase(std::unique(errors_.begin(), errors_.end(), same), errors_.end());
    summarize();
    return std::move(errors_);
  }

 private:
  void summarize() {
    if (errors_.size() <= kConfigErrorsMax) return;
    const std::size_t more = errors_.size() - kConfigErrorsMax + uncollected_;
    errors_.resize(kConfigErrorsMax);
    Location at;
    at.file = errors_.back().at.file;
    add(std::move(at),
        "and " + std::to_string(more) + (more == 1 ? " more error" : " more errors"));
  }

  ConfigErrors errors_;
  std::size_t uncollected_ = 0;
};

}  // namespace dkvm::detail
