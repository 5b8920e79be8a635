#include "pipelines/held_input.hpp"
#include "pipelines/expect.hpp"

#include <dkvm/codes.hpp>

#include <algorithm>

namespace dkvm::detail {

Press HeldInput::press(Edge& edge, std::uint16_t input, std::uint16_t output, TopicId topic) {
  Press press = Press::first;
  const std::size_t holds_before = edge.holds.count();
  if (edge.sink != nullptr) {
    const std::size_t held_before = edge.sink->holds.held();
    press = edge.sink->holds.press(edge.holds, input, output, topic);
    Device& sink = *edge.sink->device;
    track(sink, sink.held_as_sink, held_before, edge.sink->holds.held());
  } else {
    edge.holds.set(input, output);
  }
  Device& source = *edge.source->device;
  track(source, source.held_as_source, holds_before, edge.holds.count());
  return press;
}

Lift HeldInput::lift(Edge& edge, std::uint16_t input, std::uint16_t& output) {
  const Lift lift = lift_here(edge, input, output);
  if (lift != Lift::kept || !held_by_links_alone(edge, output)) return lift;
  for (Edge* other : edge.sink->edges) {
    for (const EdgeHolds::Hold& hold : other->holds.list()) {
      std::uint16_t ignored = 0;
      if (hold.output == output) lift_here(*other, hold.input, ignored);
    }
  }
  return Lift::last;
}

bool HeldInput::held_by_links_alone(const Edge& lifted, std::uint16_t output) {
  const auto is_link = [](const Edge& edge) { return edge.source->device->relays; };
  if (!lifted.sink->device->relays || is_link(lifted)) return false;
  return std::ranges::none_of(lifted.sink->edges, [&](const Edge* other) {
    const auto holds = other->holds.list();
    return std::ranges::find(holds, output, &EdgeHolds::Hold::output) != holds.end() &&
           !is_link(*other);
  });
}

Lift HeldInput::lift_here(Edge& edge, std::uint16_t input, std::uint16_t& output) {
  expect(edge.source != nullptr, "an edge without a source holds nothing");
  Lift lift = Lift::orphan;
  const std::size_t holds_before = edge.holds.count();
  if (edge.sink != nullptr) {
    const std::size_t held_before = edge.sink->holds.held();
    lift = edge.sink->holds.lift(edge.holds, input, output);
    Device& sink = *edge.sink->device;
    track(sink, sink.held_as_sink, held_before, edge.sink->holds.held());
  } else {
    edge.holds.clear(input);
  }
  Device& source = *edge.source->device;
  track(source, source.held_as_source, holds_before, edge.holds.count());
  return lift;
}

void HeldInput::press_modifiers(Edge& edge, std::uint64_t now_ns, const CodeBits& withheld) {
  const CodeBits down = edge.source->down & ~withheld;
  if (down.none() || !edge.topics.contains(id_of(wire::Topic::key))) return;
  for (std::size_t code = 1; code < down.size(); ++code)
    if (down[code]) press_modifier(edge, static_cast<std::uint16_t>(code), now_ns);
}

void HeldInput::press_modifier(Edge& edge, std::uint16_t code, std::uint64_t now_ns) {
  if (edge.holds.output(code) != 0) return;
  const TopicId topic = id_of(wire::Topic::key);
  Frame frame{make_header(wire::FrameKind::event), {}, {}, made_.held(topic, code, true)};
  frame.header.mutate_topic(topic);
  seal(frame);
  const std::uint16_t output = queues_.staged_code(edge, frame);
  if (!is_modifier(output)) return;
  if (press(edge, code, output, topic) == Press::first && edge.sink != nullptr)
    make_held(edge, *edge.sink, output, true, now_ns);
}

void HeldInput::release(Edge& edge, std::uint64_t now_ns) {
  for (const EdgeHolds::Hold& hold : edge.holds.list()) release_one(edge, hold.input, now_ns);
  cancel_touches(edge, false, now_ns);
}

void HeldInput::release_one(Edge& edge, std::uint16_t input, std::uint64_t now_ns) {
  std::uint16_t output = 0;
  if (lift(edge, input, output) != Lift::last || edge.sink == nullptr) return;
  make_held(edge, *edge.sink, output, false, now_ns);
}

void HeldInput::cancel_touches(Edge& edge, bool purged, std::uint64_t now_ns) {
  if (!edge.touches.any() || edge.sink == nullptr) return;
  SinkPort& port = *edge.sink;
  for (const std::int32_t id : edge.touches.close(purged)) {
    Entry& entry = make(port, id_of(wire::Topic::touch), made_.cancelled_touch(id), now_ns);
    queues_.commit(edge, input_lane(port), entry);
  }
}

void HeldInput::make_held(Edge& edge, SinkPort& port, std::uint16_t code, bool down,
                          std::uint64_t now_ns) {
  const TopicId topic = port.holds.topic(code);
  Entry& entry = make(port, topic, made_.held(topic, code, down), now_ns);
  entry.code = code;
  entry.down = down;
  queues_.commit(edge, input_lane(port), entry);
}

void HeldInput::make_motion(Edge& edge, const PointerMotion& motion, std::uint64_t now_ns) {
  SinkPort& port = *edge.sink;
  Entry& entry = make(port, id_of(wire::Topic::pointer_motion), made_.motion(motion), now_ns);
  Lane& lane = input_lane(port);
  queues_.commit(edge, lane, entry);
  lane.set_barrier(lane.end());  // what comes later must not be merged into what was before it
}

// Prepares an event of the router's own.
Entry& HeldInput::make(SinkPort& port, TopicId topic, Bytes payload, std::uint64_t now_ns) {
  Device& kernel = devices_.at(kKernelDevice);
  Frame frame{make_header(wire::FrameKind::event), {}, {}, payload};
  frame.header.mutate_topic(topic);
  frame.header.mutate_capture_ns(now_ns);
  frame.header.mutate_origin_kernel(kernel_id_);
  frame.header.mutate_origin_device(kernel.id);
  frame.header.mutate_origin_sequence(++kernel.origin_sequence);
  seal(frame);
  Entry& entry = input_lane(port).push();
  entry.store(frame, queues_.bodies());
  entry.received_ns = now_ns;
  entry.age_ns = 0;
  entry.policy = Policy::lossless;
  entry.made = true;
  return entry;
}

void HeldInput::track(Device& device, std::size_t& part, std::size_t before, std::size_t after) {
  if (before == after) return;
  const bool held_before = device.held() != 0;
  part = part - before + after;
  const bool held = device.held() != 0;
  if (held != held_before) host_.held_changed(device.id, held);
}

std::vector<std::uint16_t> HeldInput::codes_to_release(DeviceId sink) const {
  std::vector<std::uint16_t> codes;
  const Device* device = devices_.find(sink);
  if (device == nullptr) return codes;
  for (const auto& port : device->sinks) {
    const std::vector<std::uint16_t> more = port->holds.doubtful(port->applied);
    codes.insert(codes.end(), more.begin(), more.end());
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

}  // namespace dkvm::detail
