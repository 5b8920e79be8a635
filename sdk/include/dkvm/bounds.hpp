#pragma once

#include <dkvm/wire/control_generated.h>
#include <dkvm/wire/events_generated.h>
#include <dkvm/wire/link_generated.h>
#include <dkvm/wire/upstream_generated.h>
#include <dkvm/limits.hpp>

#include <cstddef>

// How much a table may hold. A FlatBuffer that verifies may name one string in
// a thousand places, and unpacking copies it to each of them: 64 KiB can become
// gigabytes. So lists of tables and names are counted before anything is copied.
// Source: docs/protocol.md, "Limits".
namespace dkvm::detail {

template <class Vector>
bool at_most(const Vector* vector, std::size_t count) {
  return vector == nullptr || vector->size() <= count;
}

template <class Vector, class Check>
bool each(const Vector* vector, std::size_t count, Check&& check) {
  if (!at_most(vector, count)) return false;
  if (vector == nullptr) return true;
  for (const auto* item : *vector)
    if (!check(*item)) return false;
  return true;
}

// Tables that repeat nothing are bounded by the payload itself.
template <class Table>
bool within_limits(const Table&) {
  return true;
}

inline bool within_limits(const wire::PortSpec& port) {
  return at_most(port.name(), kNameBytesMax) && at_most(port.peer(), kNameBytesMax) &&
         each(port.topics(), kTopicsPerPortMax,
              [](const auto& topic) { return at_most(&topic, kNameBytesMax); });
}

inline bool within_limits(const wire::PortOpen& open) {
  return open.port() == nullptr || within_limits(*open.port());
}

inline bool within_limits(const wire::Hello& hello) {
  return at_most(hello.type(), kNameBytesMax) && at_most(hello.version(), kNameBytesMax) &&
         each(hello.ports(), kPortsPerHelloMax,
              [](const auto& port) { return within_limits(port); });
}

inline bool within_limits(const wire::TopicName& topic) {
  return at_most(topic.name(), kNameBytesMax);
}

inline bool within_limits(const wire::Topics& topics) {
  return each(topics.topics(), kCustomTopicsMax,
              [](const auto& topic) { return within_limits(topic); });
}

inline bool within_limits(const wire::Welcome& welcome) {
  return at_most(welcome.kernel(), kNameBytesMax) && at_most(welcome.device(), kNameBytesMax) &&
         each(welcome.topics(), kCustomTopicsMax,
              [](const auto& topic) { return within_limits(topic); });
}

// The kernel unpacks calls and packs them anew for whoever gets them.
inline bool within_limits(const wire::Request& request) {
  return at_most(request.target(), kCallAddressBytesMax) &&
         at_most(request.caller(), kCallAddressBytesMax) &&
         at_most(request.method(), kNameBytesMax) && at_most(request.body(), kCallBodyBytesMax);
}

inline bool within_limits(const wire::Response& response) {
  const std::size_t message = response.message() == nullptr ? 0 : response.message()->size();
  return message <= kCallBodyBytesMax && at_most(response.body(), kCallBodyBytesMax - message);
}

inline bool within_limits(const wire::LinkHello& hello) {
  return at_most(hello.kernel(), kNameBytesMax) && at_most(hello.session(), kLinkSessionBytes);
}

inline bool within_limits(const wire::InputState& state) {
  return at_most(state.pressed(), kInputCodesMax);
}

inline bool within_limits(const wire::Geometry& geometry) {
  return each(geometry.monitors(), kMonitorsMax,
              [](const auto& monitor) { return at_most(monitor.name(), kNameBytesMax); });
}

inline bool within_limits(const wire::Grab& grab) {
  return at_most(grab.edges(), kEdgesPerGrabMax) &&
         each(grab.chords(), kChordsPerGrabMax,
              [](const auto& chord) { return at_most(chord.codes(), kCodesPerChordMax); });
}

}  // namespace dkvm::detail
