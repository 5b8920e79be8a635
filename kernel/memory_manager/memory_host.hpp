#pragma once

#include "kernel/loop/unique_fd.hpp"
#include "pipelines/buffer_account.hpp"
#include "pipelines/port.hpp"

#include <dkvm/wire/control_generated.h>
#include <dkvm/wire/frame_generated.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dkvm {

// What the memory manager must know of a device.
struct BufferPeer {
  bool connected = false;       // it said hello and has not ended
  bool fds = false;             // takes descriptors with pool_open
  bool trusted = false;         // may have and read named pools
  std::uint64_t bytes_max = 0;  // of its pools together
  bool watched = true;          // its deadlines hold: `health` is not off
};

// What the memory manager asks of the rest of the kernel, on the loop thread.
// All but the questions at the end are notes: none may call it back.
class MemoryHost {
 public:
  virtual ~MemoryHost() = default;

  // The frames of these names. They stay in the order in which they are asked
  // for, and before events that are taken later.
  // Life: the fd is kept until it is sent; null for a named pool.
  virtual void send_pool_open(DeviceId device, const wire::PoolOpenT& open,
                              std::shared_ptr<const UniqueFd> fd) = 0;
  virtual void send_pool_close(DeviceId device, std::uint32_t pool) = 0;
  // Shape: at most kBuffersPerFrameMax refs.
  virtual void send_slots(PortRef source, std::span<const wire::BufferRef> slots) = 0;

  // A refused lease of this sink may be asked for again: Router::room_at() at
  // the end of the turn.
  virtual void room_at(PortRef sink) = 0;

  // The device does what it must not, or missed a deadline; `why` is for its
  // state and the log.
  virtual void memory_offence(DeviceId device, std::string why) = 0;

  // Consumers of this port go without its buffers; `why` is for the log. Once as
  // often as it comes to that.
  virtual void memory_short(PortRef source, std::string why) = 0;

  // Router::consumers_of(). Never asked within a call of the BufferAccount.
  virtual std::vector<BufferConsumer> consumers_of(PortRef source) = 0;
  virtual BufferPeer peer(DeviceId device) = 0;
};

}  // namespace dkvm
