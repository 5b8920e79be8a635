#pragma once

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/device_names.hpp"
#include "kernel/rpc/call_router.hpp"
#include "kernel/session/sessions.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// Carries calls to the devices that are connected, and to the kernel's services.
class CallFrames final : public CallTransport {
 public:
  using Serve = std::function<void(std::uint64_t token, const ServiceCall& call)>;

  // Everything given outlives it.
  CallFrames(Sessions& sessions, const DeviceNames& names) : sessions_(sessions), names_(names) {}

  void attach(const DeviceManager& devices) { devices_ = &devices; }
  // What serves calls of the kernel, and the names of its methods, which stay.
  void on_serve(Serve serve, std::vector<std::string_view> methods) {
    serve_ = std::move(serve);
    methods_ = std::move(methods);
  }

  void send_request(DeviceId callee, std::uint64_t id, const wire::RequestT& request) override {
    send(callee, wire::FrameKind::request, id, request);
  }
  void send_response(DeviceId caller, std::uint64_t id, const wire::ResponseT& response) override {
    send(caller, wire::FrameKind::response, id, response);
  }
  void send_cancel(DeviceId callee, std::uint64_t id) override;
  std::optional<DeviceId> running_device(std::string_view name) const override;
  bool has_device(std::string_view name) const override { return devices_->find(name).has_value(); }
  std::vector<std::string_view> device_names() const override;
  std::span<const std::string_view> kernel_methods() const override { return methods_; }
  std::string name_of(DeviceId device) const override { return names_.name_of(device); }
  std::optional<DeviceId> link_to(std::string_view peer) const override;
  bool links_to(DeviceId device, std::string_view peer) const override;
  void serve(std::uint64_t token, const ServiceCall& call) override { serve_(token, call); }

 private:
  template <class Native>
  void send(DeviceId device, wire::FrameKind kind, std::uint64_t id, const Native& message) {
    DeviceSession* session = sessions_.find(device);
    if (session == nullptr) return;
    wire::FrameHeader header = make_header(kind);
    header.mutate_sequence(id);
    session->send(header, message);
    sessions_.flush_later(device);
  }

  Sessions& sessions_;
  const DeviceNames& names_;
  const DeviceManager* devices_ = nullptr;
  Serve serve_;
  std::vector<std::string_view> methods_;
};

}  // namespace dkvm
