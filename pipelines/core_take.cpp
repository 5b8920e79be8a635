#include "pipelines/core.hpp"
#include "pipelines/expect.hpp"

namespace dkvm::detail {

// One call of take(): where it writes and how far.
struct RouterCore::Batch {
  std::byte* out;
  std::size_t budget_bytes;
  std::uint64_t now_ns;
  std::size_t bytes = 0;

  bool full() const { return bytes >= budget_bytes; }
};

std::size_t RouterCore::take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                             std::uint64_t now_ns) {
  expect(out.size() >= budget_bytes + kFrameBytesMax, "take() has room for one more frame");
  Device* device = find_device(sink);
  if (device == nullptr) return 0;
  Batch batch{out.data(), budget_bytes, now_ns};
  // Again, when putting one lane right has put something into another.
  while (!batch.full() && takeable(*device)) {
    take_round(*device, batch);
    if (device->let_go) let_go_waiting(*device, now_ns);
  }
  device->awake = takeable(*device);
  if (any_finished_) bury_finished();
  return batch.bytes;
}

void RouterCore::take_round(Device& device, Batch& batch) {
  while (!batch.full() && take_one(device, device.common, batch)) {
  }
  // Ports with lanes of their own, one entry each in turn: input, then bulk.
  const std::size_t ports = device.sinks.size();
  for (std::unique_ptr<Lane> SinkPort::*side : {&SinkPort::own, &SinkPort::bulk}) {
    std::size_t idle = 0;
    while (idle < ports && !batch.full()) {
      SinkPort& port = *device.sinks[device.turn++ % ports];
      Lane* lane = (port.*side).get();
      const bool took = lane != nullptr && !port.paused && take_one(device, *lane, batch);
      idle = took ? 0 : idle + 1;
    }
  }
}

// Writes the lane's next event, past those that turn out to be unwanted.
bool RouterCore::take_one(Device& device, Lane& lane, Batch& batch) {
  while (Entry* entry = lane.front()) {
    if (is_stale(*entry, batch.now_ns)) {
      discard_stale(lane, *entry, batch.now_ns);
      continue;
    }
    if (!prepare(device, lane, *entry, batch.now_ns)) continue;
    write(*entry, batch);
    finish(lane, *entry, batch.now_ns);
    return true;
  }
  return false;
}

// Numbers the event; keys that the sink has in that state already are left out.
bool RouterCore::prepare(Device& device, Lane& lane, Entry& entry, std::uint64_t now_ns) {
  Edge& edge = *entry.edge;
  SinkPort& port = *edge.sink;
  const std::uint64_t sequence = port.sequence + 1;
  if (entry.code != 0) {
    const std::size_t before = port.holds.held();
    if (!port.holds.give(entry.code, entry.down, sequence)) {
      drop(lane, entry, entry.down ? Drop::duplicate : Drop::orphan);
      return false;
    }
    track_held(device, device.held_as_sink, before, port.holds.held());
  } else if (entry.header.topic() == id_of(wire::Topic::touch)) {
    const auto& touch = view_table<wire::Touch>(entry.payload());
    edge.touches.give(touch.id(), touch.phase());
  }
  port.sequence = sequence;
  edge.sequence_sent = sequence;
  const bool lossless = entry.policy == Policy::lossless || entry.policy == Policy::block;
  port.unapplied.sent(&edge, sequence, now_ns, lossless && !entry.made);
  entry.header.mutate_sequence(sequence);
  entry.header.mutate_port(port.info.id);
  return true;
}

void RouterCore::write(Entry& entry, Batch& batch) {
  Edge& edge = *entry.edge;
  if (tap_) tap_(edge.id, entry.frame());
  if (!entry.made) {
    ++edge.counters.delivered;
    Latencies& latency = edge.latency();
    const std::uint64_t captured_ns = entry.header.capture_ns();
    if (captured_ns != 0 && captured_ns <= entry.received_ns)
      latency.captured_to_received.record(entry.received_ns - captured_ns);
    if (batch.now_ns >= entry.received_ns)
      latency.received_to_sent.record(batch.now_ns - entry.received_ns);
  }

  wire::FrameHeader header = entry.header;
  header.mutate_hop_count(static_cast<std::uint8_t>(header.hop_count() + 1));
  const wire::HopStamp stamp(kernel_id_, entry.received_ns, batch.now_ns, 0);
  const std::size_t unpadded = unpadded_bytes(header);
  const std::size_t padded = padded_bytes(unpadded);
  std::byte* at = batch.out + batch.bytes;
  std::memcpy(at, &header, kHeaderBytes);
  at += kHeaderBytes;
  if (entry.far == nullptr && entry.header.hop_count() + entry.header.buffer_count() == 0) {
    // By far the most: a small payload alone. A copy of fixed size beats one
    // of the right size, and `out` has room for it.
    std::memcpy(at, &stamp, kHopStampBytes);
    std::memcpy(at + kHopStampBytes, entry.near, sizeof(entry.near));
  } else {
    const std::size_t before_stamp = entry.payload_at();
    std::memcpy(at, entry.body(), before_stamp);
    std::memcpy(at + before_stamp, &stamp, kHopStampBytes);
    std::memcpy(at + before_stamp + kHopStampBytes, entry.body() + before_stamp,
                header.payload_size());
  }
  std::byte* end = batch.out + batch.bytes + padded;
  for (std::byte* pad = end - (padded - unpadded); pad != end; ++pad) *pad = std::byte{0};
  batch.bytes += padded;
}

// Ages in all kernels so far, without the time on the wire, against `max_age`.
// An up is never too old: it goes out when its down did, else prepare() drops it.
bool RouterCore::is_stale(const Entry& entry, std::uint64_t now_ns) const {
  const Edge& edge = *entry.edge;
  if (entry.made || entry.policy == Policy::latest) return false;
  if (entry.code != 0 && !entry.down) return false;
  std::uint64_t limit_ns = 0;
  if (edge.queue.max_age_ns) {
    limit_ns = *edge.queue.max_age_ns;
  } else if (is_input(entry.header.topic()) && edge.sink->max_age_default) {
    limit_ns = kMaxAgeDefaultNs;
  }
  return limit_ns != 0 && now_ns > entry.received_ns &&
         entry.age_ns + (now_ns - entry.received_ns) > limit_ns;
}

void RouterCore::discard_stale(Lane& lane, Entry& entry, std::uint64_t now_ns) {
  Edge& edge = *entry.edge;
  if (!is_bulk(entry.header.topic())) return settle(*edge.sink, &edge, Purge::stale, now_ns);
  const bool lossless = entry.policy == Policy::lossless || entry.policy == Policy::block;
  const bool chained = entry.chained;
  const TopicId topic = entry.header.topic();
  drop(lane, entry, Drop::stale);
  if (lossless) report_gap(edge, 1, Drop::stale);
  if (chained) break_chain(edge, topic, now_ns);
}

void RouterCore::finish(Lane& lane, Entry& entry, std::uint64_t now_ns) {
  Edge& edge = *entry.edge;
  uncount(entry);
  entry.free_body(bodies_);
  lane.kill(entry);
  if (edge.refresh_wanted != 0 && edge.queued.chained == 0) want_refresh(edge, 0, now_ns);
}

// An entry leaves its edge's sums.
void RouterCore::uncount(Entry& entry) {
  Edge& edge = *entry.edge;
  Queued& queued = edge.queued;
  if (entry.made) {
    --queued.made;
    --edge.sink->made;
  } else {
    --queued.events;
    --queued.by_policy[static_cast<std::size_t>(entry.policy)];
  }
  if (entry.chained) --queued.chained;
  if (edge.blocking && queued.of(Policy::block) <= edge.depth(Policy::block) / 2)
    set_blocking(edge, false);
  if (edge.retired && queued.all() == 0) any_finished_ = true;
}

void RouterCore::drop(Lane& lane, Entry& entry, Drop reason) {
  if (!entry.made) entry.edge->count_drop(reason);
  uncount(entry);
  entry.free_body(bodies_);
  lane.kill(entry);
}

void RouterCore::applied(PortRef ref, std::uint64_t sequence, std::uint64_t now_ns) {
  SinkPort* port = find_sink(ref);
  if (port == nullptr) return;
  const std::uint64_t done = std::min(sequence, port->sequence);
  if (done <= port->applied) return;
  port->applied = done;
  port->unapplied.applied(done, [now_ns, this](const Unapplied::Run& run) {
    if (run.edge == nullptr) return;
    if (now_ns >= run.sent_ns) run.edge->latency().sent_to_applied.record(now_ns - run.sent_ns);
    if (run.edge->retired) any_finished_ = true;
  });
  bury_finished();
}

bool RouterCore::has_entries(DeviceId sink) const {
  const Device* device = find_device(sink);
  return device != nullptr && takeable(*device);
}

bool RouterCore::takeable(const Device& device) const {
  if (!device.common.empty()) return true;
  for (const auto& port : device.sinks) {
    if (port->paused) continue;
    if (port->own && !port->own->empty()) return true;
    if (port->bulk && !port->bulk->empty()) return true;
  }
  return false;
}

void RouterCore::wake(SinkPort& port) {
  Device& device = *port.device;
  if (device.awake || port.paused) return;
  device.awake = true;
  host_.wake(device.id);
}

}  // namespace dkvm::detail
