#include "pipelines/refreshes.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace dkvm::detail {

void Refreshes::want(Edge& edge, RefreshBits what, std::uint64_t now_ns) {
  edge.refresh_wanted = static_cast<RefreshBits>(edge.refresh_wanted | what);
  if (edge.source == nullptr || edge.queued.chained != 0 || edge.refresh_wanted == 0) return;
  if (edge.no_room) return;
  edge.source->refreshes.request(edge.refresh_wanted);
  edge.refresh_wanted = 0;
  ++edge.counters.refreshes;
  send(*edge.source, now_ns);
}

void Refreshes::room(Edge& edge, std::uint64_t now_ns) {
  edge.no_room = false;
  want(edge, 0, now_ns);
}

void Refreshes::break_chain(Edge& edge, TopicId topic, std::uint64_t now_ns) {
  edge.broken[chain_of(topic)] = true;
  want(edge, refresh_bit(wire::RefreshWhat::frame), now_ns);
}

void Refreshes::send(SourcePort& port, std::uint64_t now_ns) {
  const RefreshBits granted = port.refreshes.poll(now_ns);
  due_ns_ = std::min(due_ns_, port.refreshes.due_ns());
  if (granted == 0 || port.device->id == kKernelDevice) return;
  std::vector<wire::HopStamp> stamps = port.refreshes.hops();
  stamps.emplace_back(kernel_id_, now_ns, now_ns, now_ns);
  const Bytes hops = std::as_bytes(std::span(stamps));
  for (const wire::RefreshWhat what : wire::EnumValuesRefreshWhat()) {
    if ((granted & refresh_bit(what)) == 0) continue;
    host_.send_upstream({port.ref(), id_of(wire::Topic::refresh), made_.refresh(what), hops});
  }
}

void Refreshes::join(Edge& edge, std::uint64_t now_ns) {
  RefreshBits what = 0;
  const auto add = [&](wire::Topic topic, wire::RefreshWhat each) {
    if (edge.topics.contains(id_of(topic)))
      what = static_cast<RefreshBits>(what | refresh_bit(each));
  };
  add(wire::Topic::display_frame, wire::RefreshWhat::frame);
  add(wire::Topic::media_packet, wire::RefreshWhat::frame);
  add(wire::Topic::display_mode, wire::RefreshWhat::display_mode);
  add(wire::Topic::cursor, wire::RefreshWhat::cursor);
  add(wire::Topic::input_state, wire::RefreshWhat::locks);
  if (what != 0) want(edge, what, now_ns);
}

void Refreshes::tick(std::uint64_t now_ns) {
  if (now_ns < due_ns_) return;
  due_ns_ = kNever;
  devices_.each([&](const Device& device) {
    for (const auto& port : device.sources) send(*port, now_ns);
  });
}

}  // namespace dkvm::detail
