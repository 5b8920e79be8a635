#pragma once

#include <dkvm/detail/handlers.hpp>
#include <dkvm/detail/pools.hpp>
#include <dkvm/manifest.hpp>
#include <dkvm/session.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dkvm {

struct PortOptions {
  std::string name{};
  std::string help{};
  bool live = false;     // source: its input cannot wait, so it is never paused
  bool injects = false;  // sink: it presses keys on a real machine
  bool buffers = false;  // events of a topic of one's own bring buffers
};

namespace detail {
class Ports;
}

// What both directions have in common.
class Port {
 public:
  const PortManifest& manifest() const { return manifest_; }
  std::uint16_t id() const { return manifest_.id; }

  // True when the port declares this topic, or `*`.
  bool carries(std::string_view topic) const {
    for (const auto& name : manifest_.topics)
      if (name == topic || name == "*") return true;
    return false;
  }

 protected:
  explicit Port(PortManifest manifest) : manifest_(std::move(manifest)) {}

  static tl::unexpected<Error> not_running() {
    return fail(Errc::invalid, "the port is closed, or the device is not running yet");
  }

  void bind(Session& session, detail::Pools& pools) {
    session_ = &session;
    pools_ = &pools;
  }
  void unbind() {
    session_ = nullptr;
    pools_ = nullptr;
  }

  PortManifest manifest_;
  Session* session_ = nullptr;      // set while the device runs
  detail::Pools* pools_ = nullptr;  // the same
  detail::Handlers handlers_;

  friend class detail::Ports;
};

}  // namespace dkvm
