#include "kernel/session/port_table.hpp"

#include "config/address.hpp"
#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace dkvm {
namespace {

Result<> check_port(const wire::PortSpecT& said, const PortManifest& promised) {
  if (said.name != promised.name || said.direction != promised.direction)
    return fail(Errc::invalid,
                fmt::format("hello calls port {} '{}' ({}), the manifest '{}' ({})", said.id,
                            said.name, wire::EnumNameDirection(said.direction), promised.name,
                            wire::EnumNameDirection(promised.direction)));
  const std::set<std::string> said_topics(said.topics.begin(), said.topics.end());
  const std::set<std::string> promised_topics(promised.topics.begin(), promised.topics.end());
  if (said_topics != promised_topics)
    return fail(Errc::invalid,
                fmt::format("hello gives port '{}' other topics than the manifest", said.name));
  if (said.live != promised.live || said.injects != promised.injects)
    return fail(Errc::invalid,
                fmt::format("hello gives port '{}' other abilities than the manifest", said.name));
  return {};
}

Result<> check_peer(const wire::PortSpecT& spec) {
  if (const auto complaint = name_complaint(spec.peer))
    return fail(Errc::invalid, fmt::format("the peer of port '{}', {}, {}", spec.name,
                                           detail::in_quotes(spec.peer), *complaint));
  if (spec.name == spec.peer || spec.name.starts_with(spec.peer + "/")) return {};
  return fail(Errc::invalid, fmt::format("a port of the peer '{}' is named '{}', expected '{}' or "
                                         "'{}/stream'",
                                         spec.peer, spec.name, spec.peer, spec.peer));
}

}  // namespace

Result<RoutedPort> PortTable::open(const wire::PortSpecT& spec, TopicTable& topics) {
  if (ports_.size() >= kPortsPerDeviceMax)
    return fail(Errc::invalid, fmt::format("it opens more than {} ports", kPortsPerDeviceMax));
  if (spec.id == 0 || spec.id == kKernelPort)
    return fail(Errc::invalid, fmt::format("it opens port {}, expected an id from 1 to {}", spec.id,
                                           kKernelPort - 1));
  if (ports_.contains(spec.id))
    return fail(Errc::invalid, fmt::format("it opens port {} twice", spec.id));
  if (spec.name.empty() || spec.name.size() > kNameBytesMax)
    return fail(Errc::invalid, fmt::format("the name of port {} is empty or longer than {} bytes",
                                           spec.id, kNameBytesMax));
  if (spec.topics.size() > kTopicsPerPortMax)
    return fail(Errc::invalid,
                fmt::format("port '{}' has more than {} topics", spec.name, kTopicsPerPortMax));
  if (spec.direction > wire::Direction::MAX)
    return fail(Errc::invalid, fmt::format("port '{}' has the direction {}, expected {} (source) "
                                           "or {} (sink)",
                                           spec.name, static_cast<unsigned>(spec.direction),
                                           static_cast<unsigned>(wire::Direction::source),
                                           static_cast<unsigned>(wire::Direction::sink)));
  for (const auto& [id, port] : ports_)
    if (port.name == spec.name && (port.direction == spec.direction || spec.peer.empty()))
      return fail(Errc::invalid, fmt::format("it opens two ports named '{}'", spec.name));
  if (!spec.peer.empty()) DKVM_CHECK(check_peer(spec));
  RoutedPort port{spec.id, spec.name, spec.direction, {}, spec.live, spec.injects, spec.peer};
  for (const auto& name : spec.topics) {
    if (name == "*") {
      port.topics = TopicSet::all();
      continue;
    }
    auto topic = topics.intern(name, device_, spec.peer);
    // Names that a link's peer made up are not the link's fault: the port has not all of
    // them, and the link sees that they got no number.
    if (!topic && !spec.peer.empty()) continue;
    if (!topic) return fail(std::move(topic).error().within(fmt::format("port '{}'", spec.name)));
    port.topics.add(*topic);
  }
  ports_.emplace(port.id, port);
  if (!port.peer.empty()) ++peers_[port.peer];
  return port;
}

bool PortTable::close(std::uint16_t id) {
  const auto port = ports_.find(id);
  if (port == ports_.end()) return false;
  if (const auto peer = peers_.find(port->second.peer); peer != peers_.end() && --peer->second == 0)
    peers_.erase(peer);
  ports_.erase(port);
  return true;
}

const RoutedPort* PortTable::find(std::uint16_t id) const {
  const auto found = ports_.find(id);
  return found == ports_.end() ? nullptr : &found->second;
}

std::vector<const RoutedPort*> PortTable::sorted() const {
  std::vector<const RoutedPort*> ports;
  for (const auto& [id, port] : ports_) ports.push_back(&port);
  std::ranges::sort(ports, {}, &RoutedPort::id);
  return ports;
}

Result<> check_hello(const wire::HelloT& hello, const Manifest& manifest) {
  if (hello.type != manifest.type)
    return fail(Errc::invalid,
                fmt::format("hello says type '{}', the manifest '{}'", hello.type, manifest.type));
  if (hello.ports.size() != manifest.ports.size())
    return fail(Errc::invalid, fmt::format("hello names {} ports, the manifest {}",
                                           hello.ports.size(), manifest.ports.size()));
  for (const auto& said : hello.ports) {
    const auto promised = std::ranges::find(manifest.ports, said->id, &PortManifest::id);
    if (promised == manifest.ports.end())
      return fail(Errc::invalid,
                  fmt::format("hello names port {}, which the manifest has not", said->id));
    DKVM_CHECK(check_port(*said, *promised));
  }
  if (hello.cleanup != manifest.cleanup || hello.fds != manifest.fds)
    return fail(Errc::invalid, "hello claims other abilities than the manifest");
  return {};
}

}  // namespace dkvm
