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
// Shape: callers are devices; beyond links link/peer:device, or link/peer:* for all
//        devices of that peer
class Grants {
 public:
  void set(std::string caller, std::vector<Grant> grants) {
    by_caller_[std::move(caller)] = std::move(grants);
  }
  void remove(const std::string& caller) { by_caller_.erase(caller); }
  // All those of callers beyond links, in the place of those before.
  void set_far(std::unordered_map<std::string, std::vector<Grant>> grants) {
    std::erase_if(by_caller_, [](const auto& each) { return is_far(each.first); });
    by_caller_.merge(grants);
  }

  // Who has none at all is told nothing, not even what there is.
  bool any(const std::string& caller) const {
    return !of(caller).empty() || (is_far(caller) && !of(all_of_peer(caller)).empty());
  }

  bool allow(const std::string& caller, std::string_view target, std::string_view method) const {
    return allows(of(caller), target, method) ||
           (is_far(caller) && allows(of(all_of_peer(caller)), target, method));
  }

  static bool matches(std::string_view pattern, std::string_view method) {
    if (pattern == "*" || pattern == method) return true;
    return pattern.ends_with(".*") && method.starts_with(pattern.substr(0, pattern.size() - 1));
  }

 private:
  static bool is_far(std::string_view caller) { return caller.find('/') != caller.npos; }
  static std::string all_of_peer(std::string_view caller) {
    return std::string(caller.substr(0, caller.find(':'))) + ":*";
  }

  const std::vector<Grant>& of(const std::string& caller) const {
    static const std::vector<Grant> kNone;
    const auto found = by_caller_.find(caller);
    return found == by_caller_.end() ? kNone : found->second;
  }

  static bool allows(const std::vector<Grant>& grants, std::string_view target,
                     std::string_view method) {
    for (const Grant& grant : grants) {
      if (grant.target != target && grant.target != "*") continue;
      for (const auto& pattern : grant.methods)
        if (matches(pattern, method)) return true;
    }
    return false;
  }

  std::unordered_map<std::string, std::vector<Grant>> by_caller_;
};

}  // namespace dkvm
