#pragma once

#include "kernel/session/topic_table.hpp"
#include "pipelines/port.hpp"

#include <dkvm/wire/control_generated.h>
#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkvm {

// The ports that a device has open, as its session checks frames against them.
class PortTable {
 public:
  explicit PortTable(DeviceId device) : device_(device) {}

  // Errors: Errc::invalid for an id or name that is taken or out of range, too
  //         many ports, a topic that cannot be one; Errc::exhausted when the
  //         kernel has no number for a topic. A port of a peer is named as the peer,
  //         or peer/stream, which may be there once each way.
  Result<RoutedPort> open(const wire::PortSpecT& spec, TopicTable& topics);

  // Null when it is not open.
  const RoutedPort* find(std::uint16_t id) const;
  std::vector<const RoutedPort*> sorted() const;  // by id
  std::size_t size() const { return ports_.size(); }
  bool close(std::uint16_t id);
  // A port is open for this peer of a link.
  bool has_peer(std::string_view peer) const { return ports_of(peer) != 0; }
  // How many are: one tells of the link, the others are its streams.
  std::size_t ports_of(std::string_view peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? 0 : found->second;
  }

 private:
  DeviceId device_;
  std::unordered_map<std::uint16_t, RoutedPort> ports_;
  std::map<std::string, std::size_t, std::less<>> peers_;  // how many ports of each
};

// Holds a hello to the manifest that the YAML was checked against.
// Errors: Errc::invalid, saying what differs.
Result<> check_hello(const wire::HelloT& hello, const Manifest& manifest);

}  // namespace dkvm
