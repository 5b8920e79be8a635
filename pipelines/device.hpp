#pragma once

#include "pipelines/edge.hpp"
#include "pipelines/lane.hpp"
#include "pipelines/ledger.hpp"
#include "pipelines/port.hpp"
#include "pipelines/refresh_limiter.hpp"
#include "pipelines/unapplied.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::detail {

struct Device;
class SourceWatch;

struct SourcePort {
  Device* device = nullptr;
  RoutedPort info;
  std::vector<Edge*> edges;
  CodeBits down;             // keys that are down at the source, whoever wants them
  std::size_t blockers = 0;  // edges that keep it paused
  bool offended = false;
  SourceWatch* watch = nullptr;  // sees each event first; null: nobody does
  RefreshLimiter refreshes;

  PortRef ref() const;
};

// What a sink said when it released everything by itself.
struct LetGo {
  CodeBits kept;
  std::uint64_t applied = 0;  // what it had done by then
};

// What a sink said of itself, for producers that come later.
struct Said {
  std::vector<std::byte> payload;  // empty: it said nothing
  std::vector<std::byte> hops;
};

// The messages upstream that are states.
struct Standing {
  Said geometry;
  Said locks;
};

struct SinkPort {
  Device* device = nullptr;
  RoutedPort info;
  bool max_age_default = false;  // where QueueSpec::max_age_ns says nothing
  bool paused = false;
  bool starved = false;  // holds all the buffers it may: its bulk lane waits
  std::vector<Edge*> edges;
  std::uint64_t sequence = 0;  // of the latest event taken
  std::uint64_t applied = 0;
  SinkHolds holds;
  std::size_t made = 0;           // queued events of the router's own
  std::unique_ptr<LetGo> let_go;  // the latest, until those are taken
  std::unique_ptr<Standing> standing;
  Unapplied unapplied;
  std::unique_ptr<Lane> own;   // input apart from the common lane, since a pause
  std::unique_ptr<Lane> bulk;  // whatever brings buffers, and what mostly does

  PortRef ref() const;
};

// A device by its name, up or not. As a sink it has one common lane for the
// input of all its ports, those of a link's peers too: the order between a key
// and a click is part of the meaning.
struct Device {
  DeviceId id = 0;
  std::string name;
  std::uint32_t incarnation = 0;
  bool relays = false;
  bool up = false;
  bool at_work = true;  // else it starts, or stands still: nothing is done with what it gets
  std::uint64_t origin_sequence = 0;
  std::vector<std::unique_ptr<SourcePort>> sources;  // by id
  std::vector<std::unique_ptr<SinkPort>> sinks;      // by id
  Lane common;
  std::size_t turn = 0;  // which sink port take() begins with
  bool let_go = false;   // a sink port may have one
  bool awake = false;    // the host knows that there is something
  std::size_t held_as_source = 0;
  std::size_t held_as_sink = 0;
  std::size_t grabbed = 0;  // 1: its input is, or is about to be, taken from its own machine

  std::size_t held() const { return held_as_source + held_as_sink + grabbed; }
};

// What is idle is small: lanes, ledgers and histograms come with use.
static_assert(sizeof(Edge) + sizeof(SourcePort) + sizeof(SinkPort) + sizeof(Device) < 4096);

inline PortRef SourcePort::ref() const { return {device->id, info.id}; }
inline PortRef SinkPort::ref() const { return {device->id, info.id}; }

template <class PortState>
PortState* find_port(const std::vector<std::unique_ptr<PortState>>& ports, std::uint16_t id) {
  if (ports.size() == 1) return ports[0]->info.id == id ? ports[0].get() : nullptr;
  const auto at = std::lower_bound(ports.begin(), ports.end(), id,
                                   [](const std::unique_ptr<PortState>& port,
                                      std::uint16_t wanted) { return port->info.id < wanted; });
  return at != ports.end() && (*at)->info.id == id ? at->get() : nullptr;
}

template <class PortState>
PortState& insert_port(std::vector<std::unique_ptr<PortState>>& ports,
                       std::unique_ptr<PortState> port) {
  const auto at = std::lower_bound(ports.begin(), ports.end(), port->info.id,
                                   [](const std::unique_ptr<PortState>& each,
                                      std::uint16_t wanted) { return each->info.id < wanted; });
  return **ports.insert(at, std::move(port));
}

// Where the input of this port queues at present.
inline Lane& input_lane(SinkPort& port) {
  const bool apart = port.paused || (port.own && !port.own->empty());
  if (!apart) return port.device->common;
  if (!port.own) port.own = std::make_unique<Lane>();
  return *port.own;
}

inline Lane& bulk_lane(SinkPort& port) {
  if (!port.bulk) port.bulk = std::make_unique<Lane>();
  return *port.bulk;
}

// Whether something may be taken of the port's bulk lane.
inline bool bulk_ready(const SinkPort& port) {
  return port.bulk && !port.starved && !port.bulk->empty();
}

}  // namespace dkvm::detail
