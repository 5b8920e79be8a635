#pragma once

#include <dkvm/detail/delivery.hpp>
#include <dkvm/detail/port_base.hpp>
#include <dkvm/event_info.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace dkvm {

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
  // Shape: handle(const Frame&) or, for its buffers, handle(const Frame&, const EventInfo&)
  // Life:  both are valid during the call
  template <class Handle>
  InPort& on_any(Handle handle) {
    handlers_.set_any([handle = std::move(handle)](const EventInfo& info) {
      if constexpr (std::is_invocable_v<const Handle&, const Frame&, const EventInfo&>)
        handle(info.frame, info);
      else
        handle(info.frame);
    });
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

  // Sends on a message that came from another kernel, as links do: its topic (the
  // number that this kernel has for it), payload and hop stamps.
  Result<> relay_upstream(const Frame& message) {
    if (session_ == nullptr) return not_running();
    return session_->send({.kind = wire::FrameKind::upstream,
                           .port = id(),
                           .topic = message.header.topic(),
                           .sequence = 0,
                           .capture_ns = now_ns(),
                           .hops = message.hops},
                          message.payload);
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

  // Errors: Errc::corrupt for buffers that cannot be.
  Result<> deliver(const Frame& frame) {
    if (frame.header.buffer_count() == 0)
      handlers_.handle(EventInfo{frame});
    else
      DKVM_CHECK(deliver_buffers(frame));
    if (!by_hand_) applied_ = frame.header.sequence();
    return {};
  }

  Result<> deliver_buffers(const Frame& frame) {
    DKVM_CHECK(pools_->read().check(frame));
    const std::shared_ptr<detail::Returns> returns = pools_->read().returns_of(id());
    if (returns->due()) {  // the handler may take its time
      // What the kernel does not take now goes with the batch.
      [[maybe_unused]] const auto sent = returns->write();
      DKVM_CHECK(session_->stream().flush());
    }
    detail::Delivery delivery(frame, pools_->read().table(), returns);
    handlers_.handle(EventInfo{frame, &delivery});
    return {};
  }

  std::unordered_map<std::string, CustomHandler> custom_;
  std::function<Result<>()> on_batch_;
  std::uint64_t applied_ = 0;
  std::uint64_t reported_ = 0;
  bool by_hand_ = false;

  friend class detail::Ports;
};

}  // namespace dkvm
