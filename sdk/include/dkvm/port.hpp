#pragma once

#include <dkvm/detail/handlers.hpp>
#include <dkvm/event_info.hpp>
#include <dkvm/session.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

// A device's ports: events leave by an OutPort and arrive at an InPort;
// upstream messages run the other way. All of it is for the device's thread.
// Before the kernel's welcome, and once a port is closed, everything that sends
// is Errc::invalid. Handlers are set before the port's first event.
namespace dkvm {

struct PortOptions {
  std::string name{};
  std::string help{};
  bool live = false;     // source: its input cannot wait, so it is never paused
  bool injects = false;  // sink: it presses keys on a real machine
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

  PortManifest manifest_;
  Session* session_ = nullptr;  // set while the device runs
  detail::Handlers handlers_;

  friend class detail::Ports;
};

// Where a device's events leave.
class OutPort : public Port {
 public:
  explicit OutPort(PortManifest manifest) : Port(std::move(manifest)) {}

  // Sends one event with the next batch; captured now unless said otherwise. The
  // port declares its topic: the kernel ends a device that sends another.
  // Units:  capture_ns = CLOCK_MONOTONIC of this machine; flags = kFlagDelta, …
  // Errors: Errc::overloaded when the kernel has not read for 2 s,
  //         Errc::disconnected.
  template <class Event>
  Result<> emit(const Event& event, std::uint64_t capture_ns = now_ns(), std::uint16_t flags = 0) {
    static_assert(topic_of<Event> != wire::Topic::none, "use emit_custom()");
    if (session_ == nullptr) return not_running();
    return send(envelope(id_of(topic_of<Event>), capture_ns, flags), event);
  }

  // The same for a topic of one's own, by its name.
  // Errors: Errc::invalid too for one that no port has declared.
  Result<> emit_custom(std::string_view topic, Bytes data, std::uint64_t capture_ns = now_ns()) {
    if (session_ == nullptr) return not_running();
    const TopicId id = session_->topic_id(topic);
    if (id < kCustomTopicFirst)
      return fail(Errc::invalid,
                  "topic '" + std::string(topic) + "' has no number: a port must declare it first");
    Custom custom;
    custom.data.assign(flat_bytes(data), flat_bytes(data) + data.size());
    return send(envelope(id, capture_ns, 0), custom);
  }

  // True while the kernel asks this port to wait (policy `block`). Events that
  // are sent all the same are taken until the queue is full; then the device is
  // ended.
  bool paused() const { return paused_; }
  OutPort& on_resume(std::function<void()> callback) {
    on_resume_ = std::move(callback);
    return *this;
  }

  // handle(const Message&), for what the consumers of this port send back.
  template <class Message, class Handle>
  OutPort& on_upstream(Handle handle) {
    handlers_.set<Message>([handle = std::move(handle)](const Message& message, const EventInfo&) {
      handle(message);
    });
    return *this;
  }

 private:
  Envelope envelope(TopicId topic, std::uint64_t capture_ns, std::uint16_t flags) {
    return {wire::FrameKind::event, id(), topic, flags, sequence_ + 1, capture_ns};
  }

  // An event that could not be sent has used up no sequence: it may be sent again.
  template <class Event>
  Result<> send(const Envelope& envelope, const Event& event) {
    DKVM_CHECK(session_->send_table(envelope, event));
    ++sequence_;
    return {};
  }

  // Closed for good: drops its callbacks, which may hold the port itself.
  void retire() {
    handlers_ = {};
    on_resume_ = nullptr;
  }

  std::uint64_t sequence_ = 0;
  bool paused_ = false;
  std::function<void()> on_resume_;

  friend class detail::Ports;
};

// Where a device takes events. Each event counts as applied when its handler
// has returned, unless the port applies by hand.
class InPort : public Port {
 public:
  using CustomHandler = std::function<void(const Custom&, const EventInfo&)>;

  explicit InPort(PortManifest manifest) : Port(std::move(manifest)) {}

  // handle(const Event&, const EventInfo&), for every event of that topic.
  template <class Event, class Handle>
  InPort& on(Handle handle) {
    handlers_.set<Event>(std::move(handle));
    return *this;
  }
  // Every event that has no handler of its own, as it came: the payload of a
  // topic that this version does not know is unverified.
  // Life: the frame is valid during the call
  InPort& on_any(std::function<void(const Frame&)> handle) {
    handlers_.set_any(std::move(handle));
    return *this;
  }
  // A topic of one's own.
  InPort& on_custom(const std::string& topic, CustomHandler handle) {
    if (session_ != nullptr) bind_custom(topic, handle);
    custom_[topic] = std::move(handle);
    return *this;
  }

  // Sends a message to the producers that feed this port.
  template <class Message>
  Result<> send_upstream(const Message& message) {
    if (session_ == nullptr) return not_running();
    return session_->send_table({.kind = wire::FrameKind::upstream,
                                 .port = id(),
                                 .topic = id_of(topic_of<Message>),
                                 .sequence = 0,
                                 .capture_ns = now_ns()},
                                message);
  }

  // Asks the kernel to hold back this port's events, and to go on.
  Result<> pause() { return signal(wire::FrameKind::pause); }
  Result<> resume() { return signal(wire::FrameKind::resume); }

  // Called after each run of events, before they are reported as applied: the
  // place to flush. An error ends the device, and the events stay unapplied.
  // A port that applies by hand is not called.
  InPort& on_batch(std::function<Result<>()> callback) {
    on_batch_ = std::move(callback);
    return *this;
  }

  // For devices that finish an event later than its handler returns: they say
  // applied() themselves, for this event and all before it.
  InPort& apply_by_hand() {
    by_hand_ = true;
    return *this;
  }
  Result<> applied(std::uint64_t sequence) {
    if (session_ == nullptr) return not_running();
    applied_ = std::max(applied_, sequence);
    return report_applied();
  }

 private:
  Result<> signal(wire::FrameKind kind) {
    if (session_ == nullptr) return not_running();
    return session_->send({.kind = kind, .port = id()});
  }

  // Nothing for a port that is closed, by its own on_batch() perhaps.
  Result<> report_applied() {
    if (session_ == nullptr || applied_ == reported_) return {};
    DKVM_CHECK(session_->send({.kind = wire::FrameKind::applied,
                               .port = id(),
                               .sequence = applied_,
                               .capture_ns = now_ns()}));
    reported_ = applied_;
    return {};
  }

  Result<> end_batch() {
    if (!on_batch_ || applied_ == reported_) return {};
    auto ended = on_batch_();
    if (!ended) applied_ = reported_;
    return ended;
  }

  void bind_custom_topics() {
    for (const auto& [topic, handle] : custom_) bind_custom(topic, handle);
  }
  // A number that is not known yet comes with a later `topics` frame.
  void bind_custom(const std::string& topic, const CustomHandler& handle) {
    if (const TopicId id = session_->topic_id(topic); id >= kCustomTopicFirst)
      handlers_.set_custom(id, handle);
  }

  // Closed for good: drops its callbacks, which may hold the port itself.
  void retire() {
    handlers_ = {};
    custom_.clear();
    on_batch_ = nullptr;
  }

  void deliver(const Frame& frame) {
    handlers_.handle(frame);
    if (!by_hand_) applied_ = frame.header.sequence();
  }

  std::unordered_map<std::string, CustomHandler> custom_;
  std::function<Result<>()> on_batch_;
  std::uint64_t applied_ = 0;
  std::uint64_t reported_ = 0;
  bool by_hand_ = false;

  friend class detail::Ports;
};

}  // namespace dkvm
