#include "config/check_parts.hpp"
#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

// One device for each peer: two links with one would bring everything twice.
namespace dkvm::detail {
namespace {

using Json = nlohmann::json;

// Peers and pins that a device names, as it makes links (docs/write-a-device.md): `peer` and
// `pin`, or a map `peers` with a `pin` in each.
class PeerBook {
 public:
  explicit PeerBook(ErrorList& errors) : errors_(errors) {}

  void read(const DeviceConfig& device) {
    const Json& config = device.config.value;
    if (!config.is_object()) return;
    const auto place = [&](const std::string& pointer) { return device.config.place(pointer); };
    if (const auto peer = config.find("peer"); peer != config.end() && peer->is_string())
      add_name(peer->get<std::string>(), {&device, place("/peer").value});
    if (const auto pin = config.find("pin"); pin != config.end() && pin->is_string())
      add_pin(pin->get<std::string>(), {&device, place("/pin").value});
    const auto peers = config.find("peers");
    if (peers == config.end() || !peers->is_object()) return;
    for (const auto& [name, keys] : peers->items()) {
      const Json::json_pointer at = Json::json_pointer("/peers") / name;
      add_name(name, {&device, place(at.to_string()).key});
      if (keys.is_object() && keys.contains("pin") && keys["pin"].is_string())
        add_pin(keys["pin"].get<std::string>(), {&device, place((at / "pin").to_string()).value});
    }
  }

 private:
  struct Use {
    const DeviceConfig* device;
    Location at;
  };
  using Uses = std::map<std::string, Use>;

  void add_name(const std::string& name, const Use& use) {
    if (const Use* first = known(names_, name, use))
      errors_.add(use.at, fmt::format("{} is a peer of device '{}' already (at {}), expected each "
                                      "peer at one device that makes links",
                                      in_quotes(name), first->device->name, to_string(first->at)));
  }

  // Digits of either case, with and without colons between them.
  void add_pin(std::string pin, const Use& use) {
    std::erase(pin, ':');
    std::ranges::transform(pin, pin.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (const Use* first = known(pins_, pin, use))
      errors_.add(use.at, fmt::format("this is the pin of a peer of device '{}' already (at {}), "
                                      "expected each peer at one device that makes links",
                                      first->device->name, to_string(first->at)));
  }

  // Who else has it: what one device says of itself is its own to judge.
  static const Use* known(Uses& uses, const std::string& what, const Use& use) {
    const auto [first, is_new] = uses.try_emplace(what, use);
    return is_new || first->second.device == use.device ? nullptr : &first->second;
  }

  ErrorList& errors_;
  Uses names_;
  Uses pins_;
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
