#pragma once

#include <dkvm/buffers.hpp>
#include <dkvm/detail/port_base.hpp>
#include <dkvm/event_info.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace dkvm {

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
    DKVM_TRY(const TopicId id, number_of(topic));
    return send(envelope(id, capture_ns, 0), custom(data));
  }

  // --- events with a buffer -------------------------------------------------

  // Asks the kernel for a pool of shared memory; its slots come some time later
  // (on_slots). Once more for slots of another size: from the call on there are
  // only those, unless the kernel refuses.
  // Errors: Errc::invalid for sizes that cannot be, Errc::overloaded with too many
  //         calls outstanding. What the kernel refuses goes to on_pool_refused().
  Result<> open_pool(PoolOptions options) {
    if (session_ == nullptr) return not_running();
    return pools_->own().open(id(), producer(), std::move(options));
  }
  // Without such a callback the device ends with the error.
  OutPort& on_pool_refused(std::function<void(const Error&)> callback) {
    producer()->on_refused = std::move(callback);
    return *this;
  }

  // A slot to write to. No system call, and never a wait.
  // Errors: Errc::exhausted when every slot is on its way or read by somebody:
  //         note what has changed and send it with the next slot.
  Result<Slot> borrow() {
    if (session_ == nullptr) return not_running();
    return detail::OwnPools::borrow(*producer());
  }
  // Slots have come where there were none.
  OutPort& on_slots(std::function<void()> callback) {
    producer()->on_slots = std::move(callback);
    return *this;
  }
  // How often borrow() had none.
  std::uint64_t exhausted() const { return producer_ ? producer_->exhausted : 0; }

  // Sends one event with the first `length` bytes of a slot as its buffer 0. The
  // slot is given away; on an error it is back in stock.
  // Errors: those of emit(); Errc::invalid for a length beyond the slot, or 0, for a
  //         slot of another port or of one that was closed, and for one that was held
  //         too long after its pool was replaced.
  template <class Event>
  Result<> publish(Slot slot, std::size_t length, const Event& event,
                   std::uint64_t capture_ns = now_ns(), std::uint16_t flags = 0) {
    static_assert(topic_of<Event> != wire::Topic::none, "use publish_custom()");
    if (session_ == nullptr) return not_running();
    return send_slot(std::move(slot), length, envelope(id_of(topic_of<Event>), capture_ns, flags),
                     [&](const Envelope& to) { return send(to, event); });
  }
  Result<> publish_custom(std::string_view topic, Slot slot, std::size_t length, Bytes data = {},
                          std::uint64_t capture_ns = now_ns(), std::uint16_t flags = 0) {
    if (session_ == nullptr) return not_running();
    DKVM_TRY(const TopicId id, number_of(topic));
    return send_slot(std::move(slot), length, envelope(id, capture_ns, flags),
                     [&](const Envelope& to) { return send(to, custom(data)); });
  }

  // Sends on what this device was sent, untouched: the event as it came,
  Result<> forward(const EventInfo& from) {
    if (session_ == nullptr) return not_running();
    Envelope to = envelope(from.frame.header.topic(), from.capture_ns(), from.frame.header.flags());
    to.buffers = from.frame.buffers;
    return count(session_->send(to, from.frame.payload));
  }
  // or its buffers with another event,
  template <class Event>
  Result<> forward(const EventInfo& from, const Event& event, std::uint16_t flags = 0) {
    if (session_ == nullptr) return not_running();
    Envelope to = envelope(id_of(topic_of<Event>), from.capture_ns(), flags);
    to.buffers = from.frame.buffers;
    return send(to, event);
  }
  // or one that was kept.
  // Errors: Errc::invalid for an empty lease, and one whose port is closed.
  template <class Event>
  Result<> forward(const Lease& lease, const Event& event, std::uint64_t capture_ns = now_ns(),
                   std::uint16_t flags = 0) {
    if (session_ == nullptr) return not_running();
    if (!lease || lease.returns_->closed())
      return fail(Errc::invalid, "forwarding a buffer that was released");
    Envelope to = envelope(id_of(topic_of<Event>), capture_ns, flags);
    to.buffers = std::as_bytes(std::span(&lease.ref_, 1));
    return send(to, event);
  }

  // Sends on what came from another kernel, as links do: topic (the number that this
  // kernel has for it), flags, payload, origin and hop stamps of `event`, numbered by
  // this port. Its buffers are the other kernel's and stay behind;
  // Units:  capture_ns = CLOCK_MONOTONIC of this machine
  // Errors: those of emit()
  Result<> relay(const Frame& event, std::uint64_t capture_ns) {
    if (session_ == nullptr) return not_running();
    return count(session_->relay(envelope(event, capture_ns), event));
  }
  // their bytes come along in a slot.
  // Errors: those of publish()
  Result<> relay(Slot slot, std::size_t length, const Frame& event, std::uint64_t capture_ns) {
    if (session_ == nullptr) return not_running();
    return send_slot(std::move(slot), length, envelope(event, capture_ns),
                     [&](const Envelope& to) { return count(session_->relay(to, event)); });
  }

  // A buffer of a size of its own, outside of the port's pool: on_slot gets it, or
  // Errc::exhausted. For what is rare: it costs a pool.
  void allocate(std::size_t bytes, const std::function<void(Result<Slot>)>& on_slot) {
    if (session_ == nullptr) return on_slot(not_running());
    pools_->own().allocate(id(), producer(), bytes, on_slot);
  }

  // --- the way back ---------------------------------------------------------

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

  // Every such message that has no handler of its own, as it came.
  // Life: the frame is valid during the call
  OutPort& on_upstream_any(std::function<void(const Frame&)> handle) {
    handlers_.set_any([handle = std::move(handle)](const EventInfo& info) { handle(info.frame); });
    return *this;
  }

 private:
  Result<TopicId> number_of(std::string_view topic) const {
    const TopicId id = session_->topic_id(topic);
    if (id < kCustomTopicFirst)
      return fail(Errc::invalid,
                  "topic '" + std::string(topic) + "' has no number: a port must declare it first");
    return id;
  }
  static Custom custom(Bytes data) {
    Custom event;
    event.data.assign(flat_bytes(data), flat_bytes(data) + data.size());
    return event;
  }

  Envelope envelope(TopicId topic, std::uint64_t capture_ns, std::uint16_t flags) {
    return {wire::FrameKind::event, id(), topic, flags, sequence_ + 1, capture_ns};
  }

  Envelope envelope(const Frame& relayed, std::uint64_t capture_ns) {
    Envelope to = envelope(relayed.header.topic(), capture_ns, relayed.header.flags());
    to.hops = relayed.hops;
    return to;
  }

  // An event that could not be sent has used up no sequence: it may be sent again.
  template <class Event>
  Result<> send(const Envelope& envelope, const Event& event) {
    return count(session_->send_table(envelope, event));
  }
  Result<> count(Result<> sent) {
    if (sent) ++sequence_;
    return sent;
  }

  // send_it(const Envelope&) sends the event with the slot's bytes as its buffer 0.
  template <class Send>
  Result<> send_slot(Slot slot, std::size_t length, Envelope to, Send&& send_it) {
    if (slot && slot.pool_->replaced)
      return fail(Errc::invalid,
                  "publishing a slot whose pool was replaced while it was held: borrow again");
    if (!slot || slot.pool_->home == nullptr || slot.pool_->port != id())
      return fail(Errc::invalid, "publishing a slot that is none of port '" + manifest_.name + "'");
    if (length == 0 || length > slot.bytes().size())
      return fail(Errc::invalid, "publishing " + std::to_string(length) + " bytes of a slot of " +
                                     std::to_string(slot.bytes().size()));
    wire::BufferRef ref = slot.ref_;
    ref.mutate_length(length);
    to.buffers = std::as_bytes(std::span(&ref, 1));
    DKVM_CHECK(send_it(to));
    slot.published();
    return {};
  }

  // Made when it is needed: most ports have no buffers.
  const std::shared_ptr<detail::Producer>& producer() {
    if (!producer_) producer_ = std::make_shared<detail::Producer>();
    return producer_;
  }

  // Closed for good: drops its callbacks, which may hold the port itself.
  void retire() {
    handlers_ = {};
    on_resume_ = nullptr;
    if (producer_) producer_->on_slots = nullptr;
    if (producer_) producer_->on_refused = nullptr;
  }

  std::uint64_t sequence_ = 0;
  bool paused_ = false;
  std::function<void()> on_resume_;
  std::shared_ptr<detail::Producer> producer_;  // shared with calls that wait for an answer

  friend class detail::Ports;
};

}  // namespace dkvm
