#pragma once

#include "pipelines/port.hpp"
#include "pipelines/topic_set.hpp"

#include <dkvm/wire/control_generated.h>
#include <dkvm/limits.hpp>
#include <dkvm/result.hpp>
#include <dkvm/topics.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkvm {

// The numbers that this kernel gave to topics of devices' own. A number is
// never given away again.
// Limits: kCustomTopicsMax names of at most kNameBytesMax bytes, of which one
//         device may bring kTopicsPerDeviceMax, however often it is started; a peer
//         of a link kTopicsPerPeerMax, whichever device makes the link; all peers
//         together kTopicsOfPeersMax, so that enough are left for this machine.
class TopicTable {
 public:
  static constexpr std::size_t kTopicsPerDeviceMax = 128;
  static constexpr std::size_t kTopicsPerPeerMax = 64;
  static constexpr std::size_t kTopicsOfPeersMax = kCustomTopicsMax / 2;

  // The id of a topic that a device declares, for a port of this peer, if any.
  // Errors: Errc::invalid for what would be wrong again, Errc::exhausted when
  //         this kernel has no number left.
  Result<TopicId> intern(std::string_view name, DeviceId device, const std::string& peer = {}) {
    if (name.empty() || name.size() > kNameBytesMax)
      return fail(Errc::invalid, fmt::format("the name of a topic has {} bytes, expected 1 to {}",
                                             name.size(), kNameBytesMax));
    if (!known(name)) DKVM_CHECK(check_budget(device, peer));
    const std::size_t before = names_.size();
    const TopicId topic = id(name);
    if (topic == 0)
      return fail(
          Errc::exhausted,
          fmt::format("all {} numbers that a kernel has for topics are taken", kCustomTopicsMax));
    if (names_.size() != before) ++(peer.empty() ? brought_[device] : brought_by_peer_[peer]);
    if (names_.size() != before && !peer.empty()) ++of_peers_;
    return topic;
  }

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

  // "*" where any topic is in it.
  std::set<std::string> names(const TopicSet& topics) const {
    if (topics.open()) return {"*"};
    std::set<std::string> all;
    for (const TopicId topic : topics.members()) all.insert(name(topic));
    return all;
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
  Result<> check_budget(DeviceId device, const std::string& peer) const {
    const auto count = [](const auto& counts, const auto& who) {
      const auto found = counts.find(who);
      return found == counts.end() ? 0 : found->second;
    };
    const bool own = peer.empty();
    const std::size_t brought = own ? count(brought_, device) : count(brought_by_peer_, peer);
    const std::size_t most = own ? kTopicsPerDeviceMax : kTopicsPerPeerMax;
    if (brought >= most)
      return fail(Errc::invalid, fmt::format("it brings more than {} topics of its own", most));
    if (own || of_peers_ < kTopicsOfPeersMax) return {};
    return fail(Errc::exhausted, fmt::format("peers have brought {} topics of their own, the most",
                                             kTopicsOfPeersMax));
  }
  bool known(std::string_view name) const {
    return well_known_topic(name) || ids_.contains(std::string(name));
  }

  std::vector<std::string> names_;
  std::unordered_map<std::string, TopicId> ids_;
  // Names that each was the first to bring; peers by name.
  std::unordered_map<DeviceId, std::size_t> brought_;
  std::unordered_map<std::string, std::size_t> brought_by_peer_;
  std::size_t of_peers_ = 0;  // all of them together
};

}  // namespace dkvm
