#pragma once

#include "pipelines/port.hpp"
#include "pipelines/stats.hpp"

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>

#include <string>
#include <string_view>

namespace dkvm {

// A message on its way from a consumer to one producer.
// Life: the views are valid during the call only.
struct Upstream {
  PortRef source;  // the producer's port
  TopicId topic = 0;
  Bytes payload;
  Bytes hops;      // HopStamps, this kernel's included
  PortRef sink{};  // who says it; nobody where the kernel does
};

// What the router asks of the kernel, on the loop thread.
// None of these may call the router back: note it down, act afterwards.
class RouterHost {
 public:
  virtual ~RouterHost() = default;

  // take(sink) has something now and had nothing before.
  virtual void wake(DeviceId sink) = 0;

  // Policy `block`: the source is to stop, and to go on.
  virtual void pause(PortRef source) = 0;
  virtual void resume(PortRef source) = 0;

  virtual void send_upstream(const Upstream& message) = 0;

  // Something is held through this device, as source or as sink; or nothing
  // any more.
  virtual void held_changed(DeviceId device, bool held) = 0;

  virtual void report(const Gap& gap) = 0;

  // Router::consumers_of(source) may have changed.
  virtual void feeds_changed(PortRef source) = 0;

  // The device does what it must not; `why` is for its state and the log.
  virtual void offend(DeviceId device, std::string why) = 0;

  // A switch is not as it was: for `kernel/switches`, and the log.
  virtual void switch_changed([[maybe_unused]] const SwitchState& state) {}
  // Something of a switch will not work, though the rest does.
  virtual void switch_doubt([[maybe_unused]] const std::string& name,
                            [[maybe_unused]] const std::string& why) {}

  // The id of a topic name, interned when it is new; 0 when there is no room.
  virtual TopicId topic_id(std::string_view name) = 0;
};

}  // namespace dkvm
