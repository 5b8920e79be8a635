#pragma once

#include <dkvm/limits.hpp>
#include <dkvm/topics.hpp>
#include <dkvm/wire/control_generated.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkvm {

// The numbers that this kernel gave to topics of devices' own. A number is
// never given away again.
// Limits: kCustomTopicsMax names of at most kNameBytesMax bytes.
class TopicTable {
 public:
  // The id of a topic, interned when it is new; 0 when it cannot be (too long,
  // empty, or no room).
  TopicId id(std::string_view name) {
    if (const auto known = well_known_topic(name)) return *known;
    if (const auto found = ids_.find(std::string(name)); found != ids_.end()) return found->second;
    if (name.empty() || name.size() > kNameBytesMax || names_.size() >= kCustomTopicsMax) return 0;
    const auto id = static_cast<TopicId>(kCustomTopicFirst + names_.size());
    names_.emplace_back(name);
    ids_.emplace(name, id);
    return id;
  }

  std::string name(TopicId id) const {
    if (id < kCustomTopicFirst) return std::string(well_known_name(id));
    const std::size_t index = id - kCustomTopicFirst;
    return index < names_.size() ? names_[index] : "?";
  }

  // How many are interned; grows only.
  std::size_t size() const { return names_.size(); }

  // The names interned since `from` were, for welcome and topics frames.
  std::vector<std::unique_ptr<wire::TopicNameT>> since(std::size_t from) const {
    std::vector<std::unique_ptr<wire::TopicNameT>> topics;
    for (std::size_t i = from; i < names_.size(); ++i) {
      auto topic = std::make_unique<wire::TopicNameT>();
      topic->id = static_cast<TopicId>(kCustomTopicFirst + i);
      topic->name = names_[i];
      topics.push_back(std::move(topic));
    }
    return topics;
  }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, TopicId> ids_;
};

}  // namespace dkvm
