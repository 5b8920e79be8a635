#include "kernel/setup/link_streams.hpp"

#include "config/address.hpp"
#include "pipelines/address.hpp"

#include <dkvm/topics.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

namespace dkvm {
namespace {

constexpr const char* kEveryTopic = "*";

using Topics = std::set<std::string>;

std::string name_of(wire::Topic topic) { return std::string(well_known_name(id_of(topic))); }

Topics kernel_topics(std::string_view port) {
  Topics topics;
  const auto add = [&](std::string_view name, wire::Topic topic) {
    if (port.empty() || port == name) topics.emplace(well_known_name(id_of(topic)));
  };
  add(kKernelDevicesPort, wire::Topic::device_state);
  add(kKernelSwitchesPort, wire::Topic::switch_state);
  return topics;
}

// What is known of ports at this moment.
struct Known {
  const Plan& plan;
  const PeerTopics& peers;
  const SaidPorts& said;

  const std::vector<PortManifest>* ports(const DevicePlan& device) const {
    if (device.manifest) return &device.manifest->ports;
    const auto found = said.find(device.name);
    return found == said.end() ? nullptr : &found->second;
  }
};

// What the ports of an address carry, as far as is known.
Topics topics_at(const std::string& text, wire::Direction direction, const Known& known) {
  const auto address = parse_port_address(text);
  if (!address) return {};
  if (address->device == kKernelName) return kernel_topics(address->port);
  if (address->device == kLinkName && direction == wire::Direction::source) {
    const auto peer = known.peers.find(address->port);
    return peer == known.peers.end() ? Topics{} : peer->second;
  }
  if (address->device == kLinkName) return {kEveryTopic};
  const DevicePlan* device = known.plan.device(address->device);
  if (device == nullptr) return {};
  if (device->manifest && device->manifest->runtime_ports) return {kEveryTopic};
  const std::vector<PortManifest>* ports = known.ports(*device);
  if (ports == nullptr) return {};
  Topics topics;
  for (const PortManifest& port : *ports)
    if (port.direction == direction && (address->port.empty() || address->port == port.name))
      topics.insert(port.topics.begin(), port.topics.end());
  return topics;
}

Topics topics_at(const std::vector<std::string>& addresses, wire::Direction direction,
                 const PipelineSpec& pipeline, const Known& known) {
  Topics all;
  for (const std::string& address : addresses) all.merge(topics_at(address, direction, known));
  const bool any = all.contains(kEveryTopic);
  if (pipeline.events.empty()) return any ? Topics{kEveryTopic} : all;
  Topics filtered;
  for (const std::string& topic : pipeline.events)
    if (any || all.contains(topic)) filtered.insert(topic);
  return filtered;
}

// link/peer/stream
std::optional<std::pair<std::string, std::string>> stream_at(const std::string& text) {
  const auto address = parse_port_address(text);
  if (!address || address->device != kLinkName) return std::nullopt;
  const std::size_t slash = address->port.find('/');
  if (slash == std::string::npos) return std::nullopt;
  return std::pair(address->port.substr(0, slash), address->port.substr(slash + 1));
}

// Whether what comes to this address is pressed on a machine: here, beyond another link,
// or by a device that says only when it runs what it is.
bool presses_keys(const PortAddress& address, const Plan& plan) {
  if (address.device == kLinkName) return true;
  const DevicePlan* device = plan.device(address.device);
  if (device == nullptr || !device->manifest || device->manifest->runtime_ports) return true;
  return std::ranges::any_of(device->manifest->ports, [&](const PortManifest& port) {
    return port.injects && (address.port.empty() || address.port == port.name);
  });
}

// Those for whom input is there: where somebody presses keys, a recorder beside is nobody.
std::vector<PortAddress> takers_of_input(const std::vector<std::string>& to, const Plan& plan) {
  std::vector<PortAddress> all, pressing;
  for (const std::string& text : to) {
    auto address = parse_port_address(text);
    if (!address) continue;
    if (presses_keys(*address, plan)) pressing.push_back(*address);
    all.push_back(std::move(*address));
  }
  return pressing.empty() ? all : pressing;
}

// What these addresses ask for; no input while nobody there can take it.
Topics asked_at(const PipelineSpec& pipeline, const Known& known, const AwayDevices& away) {
  Topics topics = topics_at(pipeline.to, wire::Direction::sink, pipeline, known);
  const auto takers = takers_of_input(pipeline.to, known.plan);
  const bool nobody = std::ranges::all_of(
      takers, [&](const PortAddress& taker) { return away.contains(taker.device); });
  const bool presses = topics.contains(name_of(wire::Topic::key)) ||
                       topics.contains(name_of(wire::Topic::pointer_button));
  return nobody && presses ? Topics{} : topics;
}

}  // namespace

std::vector<LinkStream> streams_of(const std::vector<PipelineSpec>& pipelines, const Plan& plan,
                                   const PeerTopics& peers, const AwayDevices& away,
                                   const SaidPorts& said) {
  const Known known{plan, peers, said};
  std::map<std::string, LinkStream> streams;
  const auto add = [&](const std::string& address, wire::Direction direction, Topics topics) {
    auto at = stream_at(address);
    if (!at || topics.empty()) return;
    LinkStream stream{std::move(at->first), std::move(at->second), direction, {}, {}};
    LinkStream& named = streams.try_emplace(stream.key(), stream).first->second;
    named.topics.merge(topics);
    if (named.topics.contains(kEveryTopic)) named.topics = {kEveryTopic};
  };
  for (const PipelineSpec& pipeline : pipelines) {
    if (!pipeline.enabled) continue;
    for (const std::string& to : pipeline.to)
      add(to, wire::Direction::sink,
          topics_at(pipeline.from, wire::Direction::source, pipeline, known));
    for (const std::string& from : pipeline.from)
      add(from, wire::Direction::source, asked_at(pipeline, known, away));
  }
  std::vector<LinkStream> sorted;
  for (auto& [key, stream] : streams) sorted.push_back(std::move(stream));
  return sorted;
}

}  // namespace dkvm
