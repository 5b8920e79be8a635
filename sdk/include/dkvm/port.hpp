#pragma once

#include <dkvm/session.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

// A device's ports: events leave by an OutPort and arrive at an InPort;
// upstream messages run the other way.
namespace dkvm {

struct PortOptions {
  std::string name{};
  std::string help{};
  bool live = false;     // source: its input cannot wait, so it is never paused
  bool injects = false;  // sink: it presses keys on a real machine
};

// Where an event comes from and when it was captured.
struct EventInfo {
  const Frame& frame;  // valid during the call
  std::uint64_t sequence() const { return frame.header.sequence(); }
  std::uint64_t capture_ns() const { return frame.header.capture_ns(); }
};

namespace detail {

// Handlers by topic, each with a value that it unpacks into over and over.
class Handlers {
 public:
  template <class Message, class Handle>
  void set(Handle handle) {
    by_topic_[id_of(topic_of<Message>)] = [handle = std::move(handle),
                                           value = Message{}](const Frame& frame) mutable {
      value = Message{};  // unpacking leaves alone what the payload lacks
      view_table<typename Message::TableType>(frame.payload).UnPackTo(&value);
      handle(std::as_const(value), EventInfo{frame});
    };
  }
  void set_raw(TopicId topic, std::function<void(const Frame&)> handle) {
    by_topic_[topic] = std::move(handle);
  }
  void set_any(std::function<void(const Frame&)> handle) { any_ = std::move(handle); }

  bool handle(const Frame& frame) {
    if (const auto found = by_topic_.find(frame.header.topic()); found != by_topic_.end()) {
      found->second(frame);
      return true;
    }
    if (!any_) return false;
    any_(frame);
    return true;
  }

 private:
  std::unordered_map<TopicId, std::function<void(const Frame&)>> by_topic_;
  std::function<void(const Frame&)> any_;
};

}  // namespace detail

class Port {
 public:
  const PortManifest& manifest() const { return manifest_; }
  std::uint16_t id() const { return manifest_.id; }

  bool carries(std::string_view topic) const {
    for (const auto& name : manifest_.topics)
      if (name == topic || name == "*") return true;
    return false;
  }

 protected:
  explicit Port(PortManifest manifest) : manifest_(std::move(manifest)) {}

  PortManifest manifest_;
  Session* session_ = nullptr;  // set while the device runs
  detail::Handlers handlers_;

  friend class Context;
};

// Where a device's events leave.
class OutPort : public Port {
 public:
  explicit OutPort(PortManifest manifest) : Port(std::move(manifest)) {}

  // Sends one event with the next batch; captured now unless said otherwise.
  // Errors: Errc::invalid before the device runs, Errc::overloaded when the
  //         kernel has not read for 2 s, Errc::disconnected.
  template <class Event>
  Result<> emit(const Event& event, std::uint64_t capture_ns = now_ns(), std::uint16_t flags = 0) {
    static_assert(topic_of<Event> != wire::Topic::none, "use emit_custom()");
    if (session_ == nullptr) return not_running();
    return send(envelope(id_of(topic_of<Event>), capture_ns, flags), event);
  }

  // The same for a topic of one's own, which the port must have declared.
  Result<> emit_custom(std::string_view topic, Bytes data, std::uint64_t capture_ns = now_ns()) {
    if (session_ == nullptr) return not_running();
    const TopicId id = session_->topic_id(topic);
    if (id < kCustomTopicFirst)
      return fail(Errc::invalid, "topic '" + std::string(topic) + "' is not a declared custom topic");
    Custom custom;
    custom.data.assign(flat_bytes(data), flat_bytes(data) + data.size());
    return send(envelope(id, capture_ns, 0), custom);
  }

  // True while the kernel asks this port to wait (policy `block`). Events that
  // are sent all the same are taken, up to a limit.
  bool paused() const { return paused_; }
  OutPort& on_resume(std::function<void()> callback) {
    on_resume_ = std::move(callback);
    return *this;
  }

  template <class Message, class Handle>
  OutPort& on_upstream(Handle handle) {
    handlers_.set<Message>(
        [handle = std::move(handle)](const Message& message, const EventInfo&) { handle(message); });
    return *this;
  }

 private:
  static Result<> not_running() { return fail(Errc::invalid, "the device is not running yet"); }

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

  std::uint64_t sequence_ = 0;
  bool paused_ = false;
  std::function<void()> on_resume_;

  friend class Context;
};

// Where a device takes events. Each event counts as applied when its handler
// has returned, unless the port applies by hand.
class InPort : public Port {
 public:
  explicit InPort(PortManifest manifest) : Port(std::move(manifest)) {}

  template <class Event, class Handle>
  InPort& on(Handle handle) {
    handlers_.set<Event>(std::move(handle));
    return *this;
  }
  // Every event that has no handler of its own, as it came.
  InPort& on_any(std::function<void(const Frame&)> handle) {
    handlers_.set_any(std::move(handle));
    return *this;
  }
  // A topic of one's own; handle(const Custom&, const EventInfo&).
  InPort& on_custom(std::string topic, std::function<void(const Custom&, const EventInfo&)> handle) {
    custom_[std::move(topic)] = std::move(handle);
    return *this;
  }

  // Sends a message to the producers that feed this port.
  template <class Message>
  Result<> send_upstream(const Message& message) {
    if (session_ == nullptr) return fail(Errc::invalid, "the device is not running yet");
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

  // For devices that finish an event later than its handler returns.
  InPort& apply_by_hand() {
    by_hand_ = true;
    return *this;
  }
  Result<> applied(std::uint64_t sequence) {
    applied_ = sequence;
    return report_applied();
  }

 private:
  Result<> signal(wire::FrameKind kind) {
    if (session_ == nullptr) return fail(Errc::invalid, "the device is not running yet");
    return session_->send({.kind = kind, .port = id()});
  }

  Result<> report_applied() {
    if (applied_ == reported_) return {};
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

  void bind_custom() {
    for (const auto& [topic, handle] : custom_) {
      handlers_.set_raw(session_->topic_id(topic), [handle = handle](const Frame& frame) {
        Custom value;
        view_table<wire::Custom>(frame.payload).UnPackTo(&value);
        handle(value, EventInfo{frame});
      });
    }
  }

  void deliver(const Frame& frame) {
    handlers_.handle(frame);
    if (!by_hand_) applied_ = frame.header.sequence();
  }

  std::unordered_map<std::string, std::function<void(const Custom&, const EventInfo&)>> custom_;
  std::function<Result<>()> on_batch_;
  std::uint64_t applied_ = 0;
  std::uint64_t reported_ = 0;
  bool by_hand_ = false;

  friend class Context;
};

}  // namespace dkvm
