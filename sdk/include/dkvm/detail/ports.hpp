#pragma once

#include <dkvm/detail/pools.hpp>
#include <dkvm/limits.hpp>
#include <dkvm/log.hpp>
#include <dkvm/port.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::detail {

// An error on the way out means that the stream is gone: the next read says so.
inline void log_unless_gone(const Result<>& result) {
  if (!result && result.error().code() != Errc::disconnected) log_error(result.error().message());
}

// The ports of a running device: those that it was born with and those that it
// opened. Callbacks of ports may open and close any port, their own included.
class Ports {
 public:
  Ports(Session& session, Pools& pools) : session_(session), pools_(pools) {}
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;
  ~Ports() {
    for (auto& [id, port] : outs_) port->unbind();
    for (auto& [id, port] : ins_) port->unbind();
    for (auto& [id, port] : opened_outs_) port->retire();
    for (auto& [id, port] : opened_ins_) port->retire();
    retire_closed();
  }

  // Life: the port outlives this.
  void add(OutPort& port) { outs_[port.id()] = &port; }
  void add(InPort& port) { ins_[port.id()] = &port; }

  // The kernel has welcomed the device: from here on ports may send.
  void begin() {
    running_ = true;
    for (auto& [id, port] : outs_) port->bind(session_, pools_);
    for (auto& [id, port] : ins_) port->bind(session_, pools_);
    bind_custom_topics();
  }

  Result<std::shared_ptr<OutPort>> open_source(PortManifest manifest) {
    manifest.direction = wire::Direction::source;
    return open(std::move(manifest), outs_, opened_outs_);
  }
  Result<std::shared_ptr<InPort>> open_sink(PortManifest manifest) {
    manifest.direction = wire::Direction::sink;
    return open(std::move(manifest), ins_, opened_ins_);
  }

  // Errors: Errc::invalid before begin(), Errc::not_found when no port has this id.
  Result<> close(std::uint16_t id) {
    if (!running_)
      return fail(Errc::invalid,
                  "closing port " + std::to_string(id) + ": the device is not running yet");
    if (!unbind(id, outs_, opened_outs_) && !unbind(id, ins_, opened_ins_))
      return fail(Errc::not_found, "closing port " + std::to_string(id) + ": no such port is open");
    return session_.send({.kind = wire::FrameKind::port_close, .port = id});
  }

  // The first source port that declares the topic; nullptr without one.
  OutPort* source_of(std::string_view topic) const {
    for (const auto& [id, port] : outs_)
      if (port->carries(topic)) return port;
    return nullptr;
  }

  // Numbers of topics have become known.
  void bind_custom_topics() {
    for (auto& [id, port] : ins_) port->bind_custom_topics();
  }

  // False when the frame is for a port that is closed (by now).
  bool takes(const Frame& frame) const { return ins_.contains(frame.header.port()); }
  Result<> deliver(const Frame& frame) { return ins_.at(frame.header.port())->deliver(frame); }

  // Releases what came with an event that nobody gets.
  void give_back(const Frame& frame) {
    if (frame.header.buffer_count() != 0 && takes(frame))
      const Delivery unread(frame, pools_.read().table(),
                            pools_.read().returns_of(frame.header.port()));
  }

  void deliver_upstream(const Frame& frame) {
    const auto found = outs_.find(frame.header.port());
    if (found != outs_.end()) found->second->handlers_.handle(EventInfo{frame});
  }

  void set_paused(std::uint16_t id, bool paused) {
    const auto found = outs_.find(id);
    if (found == outs_.end()) return;
    OutPort& port = *found->second;
    port.paused_ = paused;
    if (!paused && port.on_resume_) port.on_resume_();
  }

  // Ends the run of events since the last time: flushes, reports as applied.
  // Errors: the first of an on_batch(); the other ports are done all the same.
  Result<> end_batches() {
    Result<> first;
    for (auto at = ins_.begin(); at != ins_.end();) {
      const auto [id, port] = *at;
      if (auto ended = port->end_batch(); ended)
        log_unless_gone(port->report_applied());
      else if (first)
        first = std::move(ended);
      at = ins_.upper_bound(id);  // whatever the callback has closed
    }
    log_unless_gone(pools_.write_owed());
    retire_closed();
    return first;
  }

  // Tells all who feed keys or buttons that nothing is down any more.
  void say_nothing_is_held() {
    for (auto& [id, port] : ins_)
      if (port->carries("key") || port->carries("pointer_button"))
        log_unless_gone(port->send_upstream(InputState{}));
  }

 private:
  template <class PortType>
  using ById = std::map<std::uint16_t, PortType*>;
  template <class PortType>
  using Opened = std::map<std::uint16_t, std::shared_ptr<PortType>>;  // shared with the device

  template <class PortType>
  Result<std::shared_ptr<PortType>> open(PortManifest manifest, ById<PortType>& ports,
                                         Opened<PortType>& opened) {
    const std::uint16_t id = manifest.id;
    const std::string what = "opening port " + std::to_string(id) + " ('" + manifest.name + "'): ";
    if (!running_) return fail(Errc::invalid, what + "the device is not running yet");
    if (id == 0 || id == kKernelPort)
      return fail(Errc::invalid, what + "an id is a number from 1 to 65534");
    if (outs_.contains(id) || ins_.contains(id))
      return fail(Errc::invalid, what + "the id is in use");
    if (outs_.size() + ins_.size() >= kPortsPerDeviceMax)
      return fail(Errc::exhausted,
                  what + std::to_string(kPortsPerDeviceMax) + " ports are open, which is the most");
    wire::PortOpenT message;
    message.port = std::make_unique<wire::PortSpecT>(Session::spec_of(manifest));
    DKVM_CHECK(session_.send_table({.kind = wire::FrameKind::port_open, .port = id}, message));
    auto port = std::make_shared<PortType>(std::move(manifest));
    port->bind(session_, pools_);
    ports[id] = port.get();
    opened[id] = port;
    return port;
  }

  template <class PortType>
  bool unbind(std::uint16_t id, ById<PortType>& ports, Opened<PortType>& opened) {
    const auto found = ports.find(id);
    if (found == ports.end()) return false;
    found->second->unbind();
    ports.erase(found);
    pools_.port_closed(id);
    if (auto mine = opened.extract(id)) closed(std::move(mine.mapped()));
    return true;
  }
  void closed(std::shared_ptr<OutPort> port) { closed_outs_.push_back(std::move(port)); }
  void closed(std::shared_ptr<InPort> port) { closed_ins_.push_back(std::move(port)); }

  // None of their callbacks runs any more. One that goes may close further ports.
  void retire_closed() {
    for (auto& port : std::exchange(closed_outs_, {})) port->retire();
    for (auto& port : std::exchange(closed_ins_, {})) port->retire();
  }

  Session& session_;
  Pools& pools_;
  bool running_ = false;
  ById<OutPort> outs_;
  ById<InPort> ins_;
  Opened<OutPort> opened_outs_;
  Opened<InPort> opened_ins_;
  // Closed in this turn, perhaps by a callback of their own.
  std::vector<std::shared_ptr<OutPort>> closed_outs_;
  std::vector<std::shared_ptr<InPort>> closed_ins_;
};

}  // namespace dkvm::detail
