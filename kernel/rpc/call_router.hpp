#pragma once

#include "kernel/rpc/grants.hpp"
#include "pipelines/port.hpp"

#include <dkvm/wire/control_generated.h>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dkvm {

// What a service of the kernel is asked.
struct ServiceCall {
  DeviceId device = 0;  // the caller, or the link that it came by
  std::string caller;   // a device, or link/peer:device beyond a link
  std::string method;
  std::string body;
  std::uint64_t deadline_ns = 0;
};

// How calls leave: frames to devices, and the kernel's own services.
class CallTransport {
 public:
  virtual ~CallTransport() = default;
  virtual void send_request(DeviceId callee, std::uint64_t id, const wire::RequestT& request) = 0;
  virtual void send_response(DeviceId caller, std::uint64_t id,
                             const wire::ResponseT& response) = 0;
  virtual void send_cancel(DeviceId callee, std::uint64_t id) = 0;
  // The device that goes by this name and can take calls now.
  virtual std::optional<DeviceId> running_device(std::string_view name) const = 0;
  // What there is, running or not. Life: the names are used at once.
  virtual bool has_device(std::string_view name) const = 0;
  virtual std::vector<std::string_view> device_names() const = 0;
  virtual std::span<const std::string_view> kernel_methods() const = 0;
  virtual std::string name_of(DeviceId device) const = 0;
  // The device that is the way to a peer at present: it has a port open for it.
  virtual std::optional<DeviceId> link_to(std::string_view peer) const = 0;
  virtual bool links_to(DeviceId device, std::string_view peer) const = 0;
  // Answers by CallRouter::answer(token, …), now or before the deadline.
  virtual void serve(std::uint64_t token, const ServiceCall& call) = 0;
};

// Carries calls between devices and the kernel: one answer to each, whatever
// happens to either side. Pure: frames and time come in, frames go out.
// A caller with grants is told by `not_found` and a suggestion that a target or
// a method of the kernel does not exist; one without any is only ever `denied`.
// A link calls for devices of the peers that it has ports open for (link/peer:device),
// under grants of their own; what is at link/peer:device is called by way of it.
// Limits: kCallsOutstandingMax calls a caller; deadlines of kDeadlineMsMax.
class CallRouter {
 public:
  static constexpr std::uint32_t kDeadlineMsMax = 60'000;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  CallRouter(CallTransport& transport, const Grants& grants)
      : transport_(transport), grants_(grants) {}

  // A request, response or cancel frame of a device.
  // Errors: Errc::corrupt ends the device: a payload that is none, an id that
  //         is already in use.
  Result<> on_frame(DeviceId from, const Frame& frame, std::uint64_t now_ns);

  // The one answer to a call that serve() was given. One that comes too late
  // goes nowhere.
  void answer(std::uint64_t token, Result<std::string> result);
  // Whether anybody still waits for that answer.
  bool waits(std::uint64_t token) const { return pending_.contains(token); }

  // The device is gone: whoever waits for it is told, what it waited for ends.
  void device_gone(DeviceId device);

  // When tick() is due; answers `timeout` to what is late.
  std::uint64_t deadline() const;
  void tick(std::uint64_t now_ns);

  std::size_t outstanding() const { return pending_.size(); }

 private:
  struct Pending {
    DeviceId caller = 0;
    std::uint64_t caller_id = 0;
    DeviceId callee = kKernelDevice;
    std::uint64_t deadline_ns = 0;
  };
  using Calls = std::unordered_map<std::uint64_t, Pending>;

  Result<> on_request(DeviceId from, const Frame& frame, std::uint64_t now_ns);
  Result<> on_response(DeviceId from, const Frame& frame);
  void on_cancel(DeviceId from, const Frame& frame);
  Result<std::string> caller_of(DeviceId from, const std::string& claimed) const;
  Result<> check_granted(DeviceId from, const wire::RequestT& request) const;
  Result<> check_exists(const wire::RequestT& request) const;
  Result<DeviceId> callee_of(const wire::RequestT& request) const;
  std::uint64_t open(const Pending& pending);
  void respond(const Pending& pending, const wire::ResponseT& response);
  void close(Calls::iterator call, Error error);
  Calls::iterator erase(Calls::iterator call);

  CallTransport& transport_;
  const Grants& grants_;
  Calls pending_;                                                    // by token
  std::map<std::pair<DeviceId, std::uint64_t>, std::uint64_t> ids_;  // caller's id → token
  std::multimap<std::uint64_t, std::uint64_t> deadlines_;            // → token
  std::unordered_map<DeviceId, std::size_t> outstanding_;
  std::uint64_t last_token_ = 0;
};

}  // namespace dkvm
