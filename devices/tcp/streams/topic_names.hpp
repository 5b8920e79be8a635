#pragma once

#include <dkvm/limits.hpp>
#include <dkvm/topics.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace dkvm::tcp {

// Topics of one's own have another number in each kernel: the sender tells the
// names of its numbers before it uses them, the receiver translates. Pure.
class TopicNames {
 public:
  // False when there are more than a kernel may have.
  bool learn(TopicId id, std::string name) {
    if (names_.size() >= kCustomTopicsMax && !names_.contains(id)) return false;
    names_[id] = std::move(name);
    return true;
  }
  // Empty for a number that was not told.
  const std::string& name(TopicId id) const {
    static const std::string kNone;
    const auto found = names_.find(id);
    return found == names_.end() ? kNone : found->second;
  }

  // True the first time for this number.
  bool tell(TopicId id) { return told_.insert(id).second; }
  // Those that were told: over a new connection they are told again.
  const std::unordered_set<TopicId>& told() const { return told_; }

 private:
  std::unordered_map<TopicId, std::string> names_;
  std::unordered_set<TopicId> told_;
};

}  // namespace dkvm::tcp
