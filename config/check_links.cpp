#include "config/check_parts.hpp"
#include "config/suggest.hpp"

#include <fmt/format.h>

#include <map>
#include <string>

// One device for each peer: two links with one would bring everything twice.
namespace dkvm::detail {
namespace {

using Json = nlohmann::json;

// Peers that a device names, as it makes links (docs/links.md): `peer`, or a map `peers`.
class PeerBook {
 public:
  explicit PeerBook(ErrorList& errors) : errors_(errors) {}

  void read(const DeviceConfig& device) {
    const Json& config = device.config.value;
    if (!config.is_object()) return;
    const auto place = [&](const std::string& pointer) { return device.config.place(pointer); };
    if (const auto peer = config.find("peer"); peer != config.end() && peer->is_string())
      add_name(peer->get<std::string>(), {&device, place("/peer").value});
    const auto peers = config.find("peers");
    if (peers == config.end() || !peers->is_object()) return;
    for (const auto& peer : peers->items()) {
      const Json::json_pointer at = Json::json_pointer("/peers") / peer.key();
      add_name(peer.key(), {&device, place(at.to_string()).key});
    }
  }

 private:
  struct Use {
    const DeviceConfig* device;
    Location at;
  };

  // What one device says of itself is its own to judge.
  void add_name(const std::string& name, const Use& use) {
    const auto [first, is_new] = uses_.try_emplace(name, use);
    if (is_new || first->second.device == use.device) return;
    errors_.add(use.at, fmt::format("{} is a peer of device '{}' already (at {}), expected each "
                                    "peer at one device that makes links",
                                    in_quotes(name), first->second.device->name,
                                    to_string(first->second.at)));
  }

  ErrorList& errors_;
  std::map<std::string, Use> uses_;  // by name
};

}  // namespace

void check_links(const CheckContext& context) {
  PeerBook book(context.errors);
  for (const DeviceConfig& device : context.config.devices) {
    const Manifest* manifest = context.manifests.find(device);
    if (device.enabled && manifest != nullptr && manifest->runtime_ports) book.read(device);
  }
}

}  // namespace dkvm::detail
