#include "kernel/memory_frames.hpp"

namespace dkvm {

void MemoryFrames::tell_room(std::uint64_t now_ns) {
  told_.swap(room_);
  for (const PortRef sink : told_) router_.room_at(sink, now_ns);
  told_.clear();
}

void MemoryFrames::send_pool_open(DeviceId device, const wire::PoolOpenT& open,
                                  std::shared_ptr<const UniqueFd> fd) {
  DeviceSession* told = sessions_.find(device);
  if (told == nullptr) return;
  wire::FrameHeader header = make_header(wire::FrameKind::pool_open);
  header.mutate_port(open.port);
  told->send(header, open, std::move(fd));
  sessions_.flush_later(device);
}

void MemoryFrames::send_pool_close(DeviceId device, std::uint32_t pool) {
  DeviceSession* told = sessions_.find(device);
  if (told == nullptr) return;
  wire::PoolIdT message;
  message.pool = pool;
  told->send(make_header(wire::FrameKind::pool_close), message);
  sessions_.flush_later(device);
}

void MemoryFrames::send_slots(PortRef source, std::span<const wire::BufferRef> slots) {
  DeviceSession* producer = sessions_.find(source.device);
  if (producer == nullptr) return;
  wire::FrameHeader header = make_header(wire::FrameKind::slots);
  header.mutate_port(source.port);
  producer->send_frame({header, std::as_bytes(slots), {}, {}});
  sessions_.flush_later(source.device);
}

BufferPeer MemoryFrames::peer(DeviceId device) {
  const DeviceSession* session = sessions_.find(device);
  const auto found = rights_.find(device);
  const BufferRights rights = found == rights_.end() ? BufferRights{} : found->second;
  const bool connected = session != nullptr && session->running();
  return {connected, connected && session->takes_fds(), rights.trusted, rights.bytes_max,
          rights.watched};
}

}  // namespace dkvm
