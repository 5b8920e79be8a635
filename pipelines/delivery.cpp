#include "pipelines/delivery.hpp"
#include "pipelines/expect.hpp"

#include <algorithm>
#include <cstring>

namespace dkvm::detail {

// One call of take(): where it writes and how far.
struct Delivery::Batch {
  std::byte* out;
  std::size_t budget_bytes;
  std::uint64_t now_ns;
  std::size_t bytes = 0;

  bool full() const { return bytes >= budget_bytes; }
};

std::size_t Delivery::take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                           std::uint64_t now_ns) {
  expect(out.size() >= budget_bytes + kFrameBytesMax, "take() has room for one more frame");
  Device* device = devices_.find(sink);
  if (device == nullptr) return 0;
  Batch batch{out.data(), budget_bytes, now_ns};
  // Again, when putting one lane right has put something into another.
  while (!batch.full() && queues_.any_for(*device)) {
    take_round(*device, batch);
    if (device->let_go) messages_.let_go_waiting(*device, now_ns);
  }
  device->awake = queues_.any_for(*device);
  return batch.bytes;
}

void Delivery::take_round(Device& device, Batch& batch) {
  while (!batch.full() && take_one(device, device.common, batch)) {
  }
  // Ports with lanes of their own, one entry each in turn: input, then bulk.
  const std::size_t ports = device.sinks.size();
  for (std::unique_ptr<Lane> SinkPort::*side : {&SinkPort::own, &SinkPort::bulk}) {
    std::size_t idle = 0;
    while (idle < ports && !batch.full()) {
      SinkPort& port = *device.sinks[device.turn++ % ports];
      Lane* lane = (port.*side).get();
      const bool waits = port.paused || (port.starved && lane == port.bulk.get());
      const bool took = lane != nullptr && !waits && take_one(device, *lane, batch);
      idle = took ? 0 : idle + 1;
    }
  }
}

// Writes the lane's next event, past those that turn out to be unwanted.
bool Delivery::take_one(Device& device, Lane& lane, Batch& batch) {
  while (Entry* entry = lane.front()) {
    if (queues_.is_stale(*entry, batch.now_ns)) {
      discard_stale(lane, *entry, batch.now_ns);
      continue;
    }
    if (entry->header.buffer_count() != 0 && !queues_.lease(*entry)) return false;
    if (!prepare(device, lane, *entry, batch.now_ns)) continue;
    write(*entry, batch);
    queues_.finish(lane, *entry, batch.now_ns);
    return true;
  }
  return false;
}

// Numbers the event; keys that the sink has in that state already are left out.
bool Delivery::prepare(Device& device, Lane& lane, Entry& entry, std::uint64_t now_ns) {
  Edge& edge = *entry.edge;
  SinkPort& port = *edge.sink;
  const std::uint64_t sequence = port.sequence + 1;
  if (entry.code != 0) {
    const std::size_t before = port.holds.held();
    if (!port.holds.give(entry.code, entry.down, sequence)) {
      queues_.drop(lane, entry, entry.down ? Drop::duplicate : Drop::orphan);
      return false;
    }
    held_.track(device, device.held_as_sink, before, port.holds.held());
  } else if (entry.header.topic() == id_of(wire::Topic::touch)) {
    const auto& touch = view_table<wire::Touch>(entry.payload());
    edge.touches.give(touch.id(), touch.phase());
  }
  port.sequence = sequence;
  edge.sequence_sent = sequence;
  const bool lossless = entry.policy == Policy::lossless || entry.policy == Policy::block;
  port.unapplied.sent(&edge, sequence, now_ns, lossless && !entry.made,
                      entry.made ? 0 : entry.header.capture_ns());
  entry.header.mutate_sequence(sequence);
  entry.header.mutate_port(port.info.id);
  return true;
}

void Delivery::write(Entry& entry, Batch& batch) {
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
  const wire::HopStamp stamp(kernel_id_, entry.received_ns, batch.now_ns, header.capture_ns());
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

void Delivery::discard_stale(Lane& lane, Entry& entry, std::uint64_t now_ns) {
  Edge& edge = *entry.edge;
  if (&lane != edge.sink->bulk.get())
    return settler_.settle(*edge.sink, &edge, Purge::stale, now_ns);
  const bool lossless = entry.policy == Policy::lossless || entry.policy == Policy::block;
  const bool chained = entry.chained;
  const TopicId topic = entry.header.topic();
  queues_.drop(lane, entry, Drop::stale);
  if (lossless) queues_.report_gap(edge, 1, Drop::stale);
  if (!chained) return;
  queues_.drop_deltas(edge, lane, topic);
  refreshes_.break_chain(edge, topic, now_ns);
}

void Delivery::applied(PortRef ref, std::uint64_t sequence, std::uint64_t now_ns) {
  SinkPort* port = devices_.find_sink(ref);
  if (port == nullptr) return;
  const std::uint64_t done = std::min(sequence, port->sequence);
  if (done <= port->applied) return;
  port->applied = done;
  port->unapplied.applied(done, [now_ns, this](const Unapplied::Run& run) {
    if (run.edge == nullptr) return;
    Latencies& latency = run.edge->latency();
    if (now_ns >= run.sent_ns) latency.sent_to_applied.record(now_ns - run.sent_ns);
    if (run.capture_ns != 0 && now_ns >= run.capture_ns)
      latency.captured_to_applied.record(now_ns - run.capture_ns);
    if (run.edge->retired) queues_.edge_over();
  });
}

}  // namespace dkvm::detail
