#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkvm {

// A caller may call these methods of a target.
struct Grant {
  std::string target;                // kernel, a device, link/peer:device
  std::vector<std::string> methods;  // devices.list, devices.* or *

  bool operator==(const Grant&) const = default;
};

// Who may call what. Nobody may call anything that is not granted.
class Grants {
 public:
  void set(std::string caller, std::vector<Grant> grants) {
    by_caller_[std::move(caller)] = std::move(grants);
  }
  void remove(const std::string& caller) { by_caller_.erase(caller); }

  // Who has none at all is told nothing, not even what there is.
  bool any(const std::string& caller) const {
    const auto found = by_caller_.find(caller);
    return found != by_caller_.end() && !found->second.empty();
  }

  bool allow(const std::string& caller, std::string_view target, std::string_view method) const {
    const auto found = by_caller_.find(caller);
    if (found == by_caller_.end()) return false;
    for (const Grant& grant : found->second) {
      if (grant.target != target && grant.target != "*") continue;
      for (const auto& pattern : grant.methods)
        if (matches(pattern, method)) return true;
    }
    return false;
  }

  static bool matches(std::string_view pattern, std::string_view method) {
    if (pattern == "*" || pattern == method) return true;
    return pattern.ends_with(".*") && method.starts_with(pattern.substr(0, pattern.size() - 1));
  }

 private:
  std::unordered_map<std::string, std::vector<Grant>> by_caller_;
};

}  // namespace dkvm
