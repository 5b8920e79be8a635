#include "devices/tcp/streams/outgoing.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::tcp {

bool rides_on_bulk(const std::vector<std::string>& topics) {
  return std::any_of(topics.begin(), topics.end(), [](const std::string& topic) {
    return topic == "display_frame" || topic == "display_mode" || topic == "cursor" ||
           topic == "media_packet" || topic == "clipboard" || topic == "*" ||
           !well_known_topic(topic);
  });
}

bool may_be_late(TopicId topic) {
  return topic == id_of(wire::Topic::audio_frame) || topic == id_of(wire::Topic::display_frame) ||
         topic == id_of(wire::Topic::media_packet) || topic == id_of(wire::Topic::cursor) ||
         topic == id_of(wire::Topic::display_mode);
}

void Outgoing::offer() {
  wire::PortOpenT open;
  open.port = std::make_unique<wire::PortSpecT>();
  open.port->id = id_;
  open.port->name = wanted_.name;
  open.port->direction = wire::Direction::source;
  open.port->topics = wanted_.topics;
  shared_.send_table(wire::FrameKind::port_open, id_, open);
}

void Outgoing::accepted() {
  if (port_) return;
  PortManifest manifest;
  manifest.id = shared_.port_ids.take();
  manifest.name = wanted_.peer + "/" + wanted_.name;
  manifest.topics = wanted_.topics;
  manifest.peer = wanted_.peer;
  if (manifest.id == 0) return log_warning("no port is left for link/" + manifest.name);
  auto opened = shared_.context.open_sink(std::move(manifest));
  if (!opened) return log_error(opened.error().message());
  port_ = std::move(*opened);
  port_->apply_by_hand().on_any(
      [this](const Frame& event, const EventInfo& info) { take(event, info); });
  if (!shared_.sends()) set_paused(true);
}

void Outgoing::close() {
  if (!port_) return;
  const std::uint16_t id = port_->id();
  port_ = nullptr;
  paused_ = false;
  progress_ = {};
  shared_.unconfirmed.drop_stream(id_);
  // It fails only when the device ends, and the port with it.
  [[maybe_unused]] const auto ended = shared_.context.close_port(id);
  shared_.port_ids.give_back(id);
}

void Outgoing::take(const Frame& event, const EventInfo& info) {
  const std::uint64_t sequence = event.header.sequence();
  progress_.sent(sequence);
  if (carry(event, info)) return;
  progress_.dropped(sequence);
  report_progress();
}

void Outgoing::confirm(std::uint64_t sequence) {
  progress_.confirmed(sequence);
  report_progress();
}

void Outgoing::report_progress() {
  if (!port_) return;
  // An error means that the kernel is gone: the next read says so.
  [[maybe_unused]] const auto told = port_->applied(progress_.applied());
}

Result<> Outgoing::upstream(const Frame& message) {
  DKVM_CHECK(check_upstream(message));
  if (!shared_.rules.upstream.contains(message.header.topic())) {
    ++shared_.drops.unasked;
    return {};
  }
  if (!port_) return {};
  // The peer's side let go while it did not hear us: at `resume` the kernel presses
  // the modifiers again that are still held.
  const bool pauses = message.header.topic() == id_of(wire::Topic::input_state) && !paused_;
  if (pauses) set_paused(true);
  [[maybe_unused]] const auto sent = port_->relay_upstream(message);
  if (pauses) set_paused(false);
  return {};
}

// Sequence 0: no event of the kernel's, and not confirmed.
void Outgoing::let_go() {
  if (!port_ || !holds_input(wanted_.topics)) return;
  const wire::HopStamp stamp(shared_.context.kernel_id(), now_ns(), now_ns(), 0);
  Frame frame{make_header(wire::FrameKind::event),
              {},
              std::as_bytes(std::span(&stamp, 1)),
              shared_.writer.write(InputState{})};
  frame.header.mutate_port(id_);
  frame.header.mutate_topic(id_of(wire::Topic::input_state));
  frame.header.mutate_capture_ns(now_ns());
  frame.header.mutate_origin_kernel(shared_.context.kernel_id());
  shared_.send(frame);
}

Frame Outgoing::for_peer(const Frame& event) const {
  Frame frame = event;
  frame.header.mutate_port(id_);
  return frame;
}

void Outgoing::set_paused(bool paused) {
  if (!port_ || paused == paused_) return;
  paused_ = paused;
  [[maybe_unused]] const auto told = paused ? port_->pause() : port_->resume();
}

}  // namespace dkvm::tcp
