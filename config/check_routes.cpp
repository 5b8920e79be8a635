#include "config/check_parts.hpp"
#include "config/suggest.hpp"

#include <dkvm/topics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace dkvm::detail {
namespace {

constexpr std::string_view kEveryTopic = "*";

// What an address of a pipeline stands for.
struct Endpoint {
  const Address* address = nullptr;
  bool known = false;    // otherwise any topic may be there
  bool runtime = false;  // a link, or a port that is opened while it runs
  std::vector<const PortManifest*> ports;
};

bool carries(const PortManifest& port, std::string_view topic) {
  return std::any_of(port.topics.begin(), port.topics.end(),
                     [&](const std::string& each) { return each == kEveryTopic || each == topic; });
}

bool carries(const Endpoint& endpoint, std::string_view topic) {
  return !endpoint.known ||
         std::any_of(endpoint.ports.begin(), endpoint.ports.end(),
                     [&](const PortManifest* port) { return carries(*port, topic); });
}

std::set<std::string_view> topics_of(const Endpoint& endpoint) {
  std::set<std::string_view> topics;
  for (const PortManifest* port : endpoint.ports)
    topics.insert(port->topics.begin(), port->topics.end());
  return topics;
}

// All topics of these endpoints for a message.
std::string list_topics(const std::vector<Endpoint>& endpoints) {
  std::set<std::string_view> all;
  for (const Endpoint& endpoint : endpoints) all.merge(topics_of(endpoint));
  const std::vector<std::string_view> sorted(all.begin(), all.end());
  return sorted.empty() ? "none" : one_of(sorted);
}

PortManifest kernel_port(std::string_view name, wire::Topic topic) {
  PortManifest made;
  made.name = name;
  made.topics = {std::string(well_known_name(id_of(topic)))};
  made.live = true;  // the kernel does not pause for anyone
  return made;
}

// The kernel's own ports, all or the one of this name.
std::vector<const PortManifest*> kernel_ports(std::string_view name) {
  static const std::array ports = {kernel_port(kKernelDevicesPort, wire::Topic::device_state),
                                   kernel_port(kKernelSwitchesPort, wire::Topic::switch_state)};
  std::vector<const PortManifest*> found;
  for (const PortManifest& port : ports)
    if (name.empty() || port.name == name) found.push_back(&port);
  return found;
}

// Turns addresses into endpoints; what cannot be is an error.
class Resolver {
 public:
  Resolver(const CheckContext& context, wire::Direction direction)
      : context_(context), direction_(direction) {}

  // Nothing when one of them is wrong: then topics are not judged.
  std::optional<std::vector<Endpoint>> run(const std::vector<Address>& addresses) {
    std::vector<Endpoint> endpoints;
    for (const Address& address : addresses)
      if (auto endpoint = resolve(address)) endpoints.push_back(std::move(*endpoint));
    if (endpoints.size() != addresses.size()) return std::nullopt;
    return endpoints;
  }

 private:
  bool is_source() const { return direction_ == wire::Direction::source; }

  std::nullopt_t wrong(const Address& address, std::string message) {
    context_.errors.add(address.at, std::move(message));
    return std::nullopt;
  }

  std::optional<Endpoint> resolve(const Address& address) {
    if (address.is_kernel()) return resolve_kernel(address);
    if (address.is_link()) return resolve_link(address);
    const DeviceConfig* device = context_.device(address.device);
    if (device == nullptr) {
      std::vector<std::string_view> names;
      for (const DeviceConfig& each : context_.config.devices) names.push_back(each.name);
      return wrong(address,
                   fmt::format("there is no device {}, expected one of 'devices'{}",
                               in_quotes(address.device), did_you_mean(address.device, names)));
    }
    const Manifest* manifest = context_.manifests.find(*device);
    if (manifest == nullptr) return Endpoint{&address, false, false, {}};
    return address.port.empty() ? resolve_all(address, *manifest)
                                : resolve_port(address, *manifest);
  }

  std::optional<Endpoint> resolve_kernel(const Address& address) {
    if (!is_source()) return wrong(address, "the kernel takes no events, expected a device");
    auto ports = kernel_ports(address.port);
    if (!ports.empty()) return Endpoint{&address, true, false, std::move(ports)};
    return wrong(address,
                 fmt::format("the kernel has no port {}, expected kernel/{} or kernel/{}",
                             in_quotes(address.port), kKernelDevicesPort, kKernelSwitchesPort));
  }

  std::optional<Endpoint> resolve_link(const Address& address) {
    if (context_.links_possible) return Endpoint{&address, false, true, {}};
    return wrong(address, fmt::format("{} needs a link, expected a device that makes links",
                                      in_quotes(address.text())));
  }

  std::optional<Endpoint> resolve_all(const Address& address, const Manifest& manifest) {
    Endpoint endpoint{&address, true, false, {}};
    for (const PortManifest& port : manifest.ports)
      if (port.direction == direction_) endpoint.ports.push_back(&port);
    if (!endpoint.ports.empty()) return endpoint;
    if (manifest.runtime_ports) return Endpoint{&address, false, true, {}};
    return wrong(address, is_source()
                              ? fmt::format("device '{}' sends no events, expected a device that "
                                            "does in 'from'",
                                            address.device)
                              : fmt::format("device '{}' takes no events, expected a device that "
                                            "does in 'to'",
                                            address.device));
  }

  std::optional<Endpoint> resolve_port(const Address& address, const Manifest& manifest) {
    std::vector<std::string_view> names;
    bool other_direction = false;
    for (const PortManifest& port : manifest.ports) {
      if (port.direction == direction_ && port.name == address.port)
        return Endpoint{&address, true, false, {&port}};
      if (port.direction == direction_) names.push_back(port.name);
      other_direction |= port.name == address.port;
    }
    if (other_direction)
      return wrong(address, is_source() ? fmt::format("port '{}' takes events, expected one that "
                                                      "sends them in 'from'",
                                                      address.text())
                                        : fmt::format("port '{}' sends events, expected one that "
                                                      "takes them in 'to'",
                                                      address.text()));
    if (manifest.runtime_ports) return Endpoint{&address, false, true, {}};
    return wrong(address,
                 fmt::format("device '{}' has no port {}, expected {}{}", address.device,
                             in_quotes(address.port), names.empty() ? "none" : one_of(names),
                             did_you_mean(address.port, names)));
  }

  const CheckContext& context_;
  wire::Direction direction_;
};

// Judges one pipeline whose addresses are all right.
class RouteChecker {
 public:
  RouteChecker(const PipelineConfig& pipeline, const std::vector<Endpoint>& sources,
               const std::vector<Endpoint>& targets, ErrorList& errors)
      : pipeline_(pipeline), sources_(sources), targets_(targets), errors_(errors) {}

  void run() {
    const std::size_t errors_before = errors_.size();
    for (const TopicConfig& topic : pipeline_.events) check_topic(topic);
    if (errors_.size() == errors_before) {
      check_common();
      for (const Endpoint& target : targets_) check_ambiguous(target);
    }
    if (pipeline_.queue.policy == QueueConfig::Policy::block) check_block();
  }

 private:
  static bool any_carries(const std::vector<Endpoint>& endpoints, std::string_view topic) {
    return std::any_of(endpoints.begin(), endpoints.end(),
                       [&](const Endpoint& endpoint) { return carries(endpoint, topic); });
  }

  bool passes(std::string_view topic) const {
    return pipeline_.events.empty() ||
           std::any_of(pipeline_.events.begin(), pipeline_.events.end(),
                       [&](const TopicConfig& each) { return each.name == topic; });
  }

  void check_topic(const TopicConfig& topic) {
    const auto id = well_known_topic(topic.name);
    const bool is_custom = topic.name.find('/') != std::string::npos;
    if (id && *id >= id_of(wire::Topic::refresh))
      return errors_.add(
          topic.at, fmt::format("'{}' is sent upstream by itself, expected an event", topic.name));
    if (!id && !is_custom) return complain_unknown(topic);
    if (!any_carries(sources_, topic.name))
      return errors_.add(topic.at, fmt::format("nothing in 'from' sends {}, expected {}",
                                               in_quotes(topic.name), list_topics(sources_)));
    if (!any_carries(targets_, topic.name))
      errors_.add(topic.at, fmt::format("nothing in 'to' takes {}, expected {}",
                                        in_quotes(topic.name), list_topics(targets_)));
  }

  void complain_unknown(const TopicConfig& topic) {
    std::vector<std::string_view> names;
    for (TopicId id = 1; id < id_of(wire::Topic::refresh); ++id)
      if (!well_known_name(id).empty()) names.push_back(well_known_name(id));
    errors_.add(topic.at,
                fmt::format("there is no topic {}, expected {} or a custom one such as "
                            "acme/pedal{}",
                            in_quotes(topic.name), one_of(names), did_you_mean(topic.name, names)));
  }

  // True when a topic may go from one endpoint to the other.
  bool shares(const Endpoint& source, const Endpoint& target) const {
    if (!pipeline_.events.empty())
      return std::any_of(pipeline_.events.begin(), pipeline_.events.end(), [&](const auto& topic) {
        return carries(source, topic.name) && carries(target, topic.name);
      });
    if (!source.known || !target.known) return true;
    for (const std::string_view topic : topics_of(source))
      if (topic == kEveryTopic || carries(target, topic)) return true;
    return topics_of(target).contains(kEveryTopic);
  }

  // Each source has something to say to a target, each target hears something.
  void check_common() {
    const auto complain = [&](const Endpoint& lonely, std::string_view does,
                              const std::vector<Endpoint>& others, std::string_view others_do) {
      errors_.add(lonely.address->at,
                  fmt::format("'{}' {} {}{}, expected a topic that '{}' {}: {}",
                              lonely.address->text(), does, list_topics({lonely}),
                              pipeline_.events.empty() ? "" : " of which 'events' lets none pass",
                              others.size() == 1 ? others[0].address->text() : "one of the others",
                              others_do, list_topics(others)));
    };
    for (const Endpoint& source : sources_)
      if (std::none_of(targets_.begin(), targets_.end(),
                       [&](const Endpoint& target) { return shares(source, target); }))
        return complain(source, "sends", targets_, "takes");
    for (const Endpoint& target : targets_)
      if (std::none_of(sources_.begin(), sources_.end(),
                       [&](const Endpoint& source) { return shares(source, target); }))
        return complain(target, "takes", sources_, "sends");
  }

  // The topics that reach the targets, as far as they are known.
  std::set<std::string_view> flowing() const {
    std::set<std::string_view> topics;
    for (const TopicConfig& topic : pipeline_.events) topics.insert(topic.name);
    if (!topics.empty()) return topics;
    for (const Endpoint& source : sources_) topics.merge(topics_of(source));
    return topics;
  }

  void check_ambiguous(const Endpoint& target) {
    for (const std::string_view topic : flowing()) {
      std::vector<std::string> takers;
      for (const PortManifest* port : target.ports)
        if (carries(*port, topic)) takers.push_back(target.address->device + '/' + port->name);
      if (takers.size() < 2) continue;
      const std::vector<std::string_view> choices(takers.begin(), takers.end());
      return errors_.add(
          target.address->at,
          fmt::format("'{}' is ambiguous: {} of its ports take '{}', expected {}",
                      target.address->text(), takers.size(), topic, one_of(choices)));
    }
  }

  void check_block() {
    for (const Endpoint& source : sources_)
      for (const PortManifest* port : source.ports) {
        const bool used = std::any_of(port->topics.begin(), port->topics.end(),
                                      [&](const std::string& topic) { return passes(topic); });
        if (!port->live || !used) continue;
        return errors_.add(pipeline_.queue.policy_at,
                           fmt::format("'block' pauses the source, but '{}' is live, expected "
                                       "another policy",
                                       source.address->text()));
      }
    for (const Endpoint& target : targets_)
      if (target.runtime)
        return errors_.add(pipeline_.queue.policy_at,
                           fmt::format("'block' cannot go over a link, but '{}' is one, expected "
                                       "another policy",
                                       target.address->text()));
  }

  const PipelineConfig& pipeline_;
  const std::vector<Endpoint>& sources_;
  const std::vector<Endpoint>& targets_;
  ErrorList& errors_;
};

// What goes in must come out elsewhere.
void check_echo(const PipelineConfig& pipeline, const CheckContext& context) {
  for (const Address& target : pipeline.to)
    for (const Address& source : pipeline.from) {
      if (source.device != target.device || source.is_kernel()) continue;
      if (has_runtime_ports(target, context) && !(source == target)) continue;
      context.errors.add(target.at, fmt::format("pipeline '{}' goes from '{}' back to itself, "
                                                "expected another device",
                                                pipeline.name, target.device));
      return;
    }
}

}  // namespace

bool has_runtime_ports(const Address& address, const CheckContext& context) {
  if (address.is_link()) return true;
  const DeviceConfig* device = context.device(address.device);
  const Manifest* manifest = device != nullptr ? context.manifests.find(*device) : nullptr;
  return manifest != nullptr && manifest->runtime_ports;
}

void check_routes(const PipelineConfig& pipeline, const CheckContext& context) {
  const auto sources = Resolver(context, wire::Direction::source).run(pipeline.from);
  const auto targets = Resolver(context, wire::Direction::sink).run(pipeline.to);
  check_echo(pipeline, context);
  if (sources && targets) RouteChecker(pipeline, *sources, *targets, context.errors).run();
}

// Each target is the end of a pipeline of its own.
void check_switch_routes(const SwitchConfig& it, const CheckContext& context) {
  const auto sources = Resolver(context, wire::Direction::source).run(it.sources);
  for (const SwitchTargetConfig& target : it.targets) {
    if (!target.to) continue;
    PipelineConfig pipeline;
    pipeline.name = it.name + '/' + target.name;
    pipeline.from = it.sources;
    pipeline.to = {*target.to};
    const auto targets = Resolver(context, wire::Direction::sink).run(pipeline.to);
    check_echo(pipeline, context);
    if (sources && targets) RouteChecker(pipeline, *sources, *targets, context.errors).run();
  }
}

}  // namespace dkvm::detail
