#pragma once

#include "kernel/setup/plan.hpp"
#include "pipelines/spec.hpp"

#include <dkvm/wire/control_generated.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dkvm {

// A stream to or from a peer of a link, as pipelines ask for it.
struct LinkStream {
  std::string peer;
  std::string stream;
  wire::Direction direction = wire::Direction::sink;  // sink: it goes to the peer
  // What may come of this kernel's sources, or what its sinks ask for; "*": anything.
  std::set<std::string> topics;
  std::string device{};  // that has streams of this peer now; empty: none has

  // Names it; sorted lists are in this order.
  std::string key() const { return peer + "/" + stream + "/" + wire::EnumNameDirection(direction); }
  bool operator==(const LinkStream&) const = default;
};

// What the source ports of peers carry at this moment, by `peer/stream`: that of a
// link is known when it is there.
using PeerTopics = std::map<std::string, std::set<std::string>>;

// The ports of devices whose manifest is not known, as their last hello named them.
using SaidPorts = std::map<std::string, std::vector<PortManifest>, std::less<>>;

// Devices of this kernel that take nothing at present, nor soon: those that wait to be
// started again, have ended or failed.
using AwayDevices = std::set<std::string, std::less<>>;

// Every stream that enabled pipelines name, once, by key. One that only hands on
// what other peers send is there while they do, one of a device that nobody could ask what
// it is from its first hello on; one of a peer's keys and buttons is
// taken while somebody is there to press them, so that the peer does not type into the
// void.
std::vector<LinkStream> streams_of(const std::vector<PipelineSpec>& pipelines, const Plan& plan,
                                   const PeerTopics& peers = {}, const AwayDevices& away = {},
                                   const SaidPorts& said = {});

// The streams that are wanted, and how often that has changed: links follow it.
class LinkStreams {
 public:
  // True when something is different now.
  bool update(std::vector<LinkStream> streams) {
    if (streams == streams_) return false;
    streams_ = std::move(streams);
    ++revision_;
    return true;
  }
  const std::vector<LinkStream>& all() const { return streams_; }
  std::uint64_t revision() const { return revision_; }

 private:
  std::vector<LinkStream> streams_;
  std::uint64_t revision_ = 1;
};

}  // namespace dkvm
