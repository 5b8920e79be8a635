#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/device_manager/device_spec.hpp"
#include "kernel/log/level.hpp"
#include "kernel/loop/unique_fd.hpp"

namespace dkvm {

// What the device manager needs of the rest of the kernel. Every call comes on
// the loop's thread and may call back into the device manager, which then acts
// after the present call has returned. At the end of a process they come as:
// drain, codes_to_release, log_tail, disconnect, gap, log_tail, state_changed.
class DeviceHost {
 public:
  virtual ~DeviceHost() = default;

  // Its program is about to be started. False: not yet; DeviceManager::go_ahead()
  // then starts it, if it is still wanted.
  virtual bool may_start(DeviceId id) = 0;

  // A process was started: `stream` is the kernel's end of its stdin and stdout,
  // non-blocking. Hello is to be answered by hello_accepted or hello_refused; a
  // device that is accepted is pinged, and its answer told by started.
  virtual void connect(DeviceId id, UniqueFd stream, std::uint32_t incarnation) = 0;

  // The process is gone. Reads what it wrote before it ended (at most what the
  // socket holds) and reports it as ever: a goodbye in there still counts.
  // Called before codes_to_release, while still connected.
  virtual void drain(DeviceId id) = 0;

  // Codes that are down at this sink, or whose up it has not yet applied; asked
  // after every death of a device with `cleanup`.
  virtual std::vector<std::uint16_t> codes_to_release(DeviceId id) = 0;

  // The incarnation is over; exactly one for each connect. Closes the stream.
  virtual void disconnect(DeviceId id) = 0;

  // What that incarnation had not applied is lost: it ended without goodbye.
  virtual void gap(DeviceId id, std::uint32_t incarnation) = 0;

  virtual void send_ping(DeviceId id) = 0;

  // The stop frame, in order behind what is queued; `deadline` is what the
  // device has left before SIGTERM.
  virtual void send_stop(DeviceId id, Duration deadline, std::string_view reason) = 0;

  // A device in `stopping` is still connected until disconnect: what is queued
  // for it is delivered, and what it sends still counts.
  virtual void state_changed(DeviceId id, const StateChange& change) = 0;

  // A removed device is down and forgotten; its id may be used again.
  virtual void removed(DeviceId id) = 0;

  virtual void log_line(DeviceId id, RecordLevel level, std::string_view text) = 0;

  // The last log lines of a device's present incarnation, asked when it has died.
  virtual std::vector<std::string> log_tail(DeviceId id) = 0;

  // The machine slept for this long: all held input is to be released, grabs
  // ended, links renewed, clock offsets reset.
  virtual void resumed(Duration suspended) = 0;
};

}  // namespace dkvm
