#include "kernel/rpc/call_frames.hpp"

namespace dkvm {

void CallFrames::send_cancel(DeviceId callee, std::uint64_t id) {
  DeviceSession* called = sessions_.find(callee);
  if (called == nullptr) return;
  wire::FrameHeader header = make_header(wire::FrameKind::cancel);
  header.mutate_sequence(id);
  called->send(header);
  sessions_.flush_later(callee);
}

std::optional<DeviceId> CallFrames::running_device(std::string_view name) const {
  const auto id = names_.find(name);
  const DeviceSession* session = id ? sessions_.find(*id) : nullptr;
  return session != nullptr && session->running() ? id : std::nullopt;
}

bool CallFrames::links_to(DeviceId device, std::string_view peer) const {
  const DeviceSession* session = sessions_.find(device);
  return session != nullptr && session->running() && session->ports().has_peer(peer);
}

// Of several ways the one that has streams open: it is up. Where none has, the one whose
// device is named first in the file.
std::optional<DeviceId> CallFrames::link_to(std::string_view peer) const {
  std::optional<DeviceId> link;
  bool best_has_streams = false;
  sessions_.each([&](DeviceId id, const DeviceSession& session) {
    if (!links_to(id, peer)) return;
    const bool has_streams = session.ports().ports_of(peer) > 1;
    const bool first = !link || id < *link;
    if (link && (has_streams == best_has_streams ? !first : best_has_streams)) return;
    link = id;
    best_has_streams = has_streams;
  });
  return link;
}

std::vector<std::string_view> CallFrames::device_names() const {
  std::vector<std::string_view> known;
  for (const std::string& name : names_.all())
    if (devices_->find(name)) known.push_back(name);
  return known;
}

}  // namespace dkvm
