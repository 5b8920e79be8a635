#pragma once

#include <map>
#include <set>
#include <string>

namespace dkvm {

// Which device has the streams of each peer. Two links with one peer would bring
// everything twice: where two devices have streams of it, they are those of the one that
// had them first, and the other is to give way. Pure.
class LinkOwners {
 public:
  // The peers of whom each device has streams open now, by device.
  using Open = std::map<std::string, std::set<std::string>>;

  void update(const Open& open) {
    std::erase_if(owners_, [&](const auto& owner) {
      const auto device = open.find(owner.second);
      return device == open.end() || !device->second.contains(owner.first);
    });
    for (const auto& [device, peers] : open)
      for (const std::string& peer : peers) owners_.try_emplace(peer, device);
  }

  // Empty when none has.
  std::string of(const std::string& peer) const {
    const auto owner = owners_.find(peer);
    return owner == owners_.end() ? std::string() : owner->second;
  }

 private:
  std::map<std::string, std::string> owners_;
};

}  // namespace dkvm
