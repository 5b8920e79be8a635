#pragma once

#include "kernel/device_manager/device_manager.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace dkvm {

// What a service manager has been told and is still owed, pure. The latest state and the latest
// status replace those that could not be sent; a sign of life that could not be sent is dropped,
// as the next one says the same.
// Source: sd_notify(3)
class ServiceReport {
 public:
  // One datagram. False: there is no room now.
  using Send = std::function<bool(std::string_view)>;

  explicit ServiceReport(Send send) : send_(std::move(send)) {}

  // The devices as they are. Ready is said once all of them have begun.
  void devices(std::span<const DeviceSnapshot> devices);
  // A reload begins, and is over; `refusal` is why it changed nothing, or empty.
  void reloading(std::int64_t monotonic_us);
  void reloaded(std::string refusal);
  // The last that is said. A kernel whose work was over at once has been ready, too.
  void stopping();
  void alive() { send_("WATCHDOG=1"); }

  // Sends what is owed. False: there is no room still.
  bool flush();

 private:
  void owe_state(std::string state);

  Send send_;
  std::string owed_state_;
  std::string owed_status_;
  std::string status_;  // as it was told, or is owed
  std::string refusal_;
  bool ready_ = false;
  bool reloading_ = false;
  bool stopping_ = false;
};

}  // namespace dkvm
