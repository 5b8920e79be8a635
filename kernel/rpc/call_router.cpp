#include "kernel/rpc/call_router.hpp"

#include "config/address.hpp"
#include "config/kernel_methods.hpp"
#include "config/suggest.hpp"

#include <dkvm/limits.hpp>
#include <dkvm/payload.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace dkvm {
namespace {

wire::ResponseT response_of(const Error& error) {
  wire::ResponseT response;
  response.code = static_cast<wire::Code>(error.code());
  response.message = error.message();
  return response;
}

}  // namespace

Result<> CallRouter::on_frame(DeviceId from, const Frame& frame, std::uint64_t now_ns) {
  switch (frame.kind()) {
    case wire::FrameKind::request: return on_request(from, frame, now_ns);
    case wire::FrameKind::response: return on_response(from, frame);
    default: on_cancel(from, frame); return {};
  }
}

Result<> CallRouter::on_request(DeviceId from, const Frame& frame, std::uint64_t now_ns) {
  DKVM_TRY(wire::RequestT request, read_payload<wire::RequestT>(frame.payload));
  const std::uint64_t caller_id = frame.header.sequence();
  if (ids_.contains({from, caller_id}))
    return fail(Errc::corrupt,
                fmt::format("it makes call {} while that waits for its answer", caller_id));
  const auto refuse = [&](const Error& error) {
    transport_.send_response(from, caller_id, response_of(error));
    return Result<>{};
  };
  if (outstanding_[from] >= kCallsOutstandingMax)
    return refuse(Error(Errc::overloaded, fmt::format("{} calls are waiting for their answers",
                                                      kCallsOutstandingMax)));
  auto caller = caller_of(from, request.caller);
  if (!caller) return refuse(caller.error());
  request.caller = std::move(*caller);
  if (const auto granted = check_granted(from, request); !granted) return refuse(granted.error());
  auto callee = callee_of(request);
  if (!callee) return refuse(callee.error());
  const std::uint32_t asked_ms = request.deadline_ms != 0
                                     ? request.deadline_ms
                                     : static_cast<std::uint32_t>(kCallTimeDefault.count());
  request.deadline_ms = std::min(asked_ms, kDeadlineMsMax);
  const std::uint64_t deadline_ns = now_ns + request.deadline_ms * std::uint64_t{1'000'000};
  const std::uint64_t token = open({from, caller_id, *callee, deadline_ns});
  if (*callee == kKernelDevice) {
    transport_.serve(token, {from, std::move(request.caller), std::move(request.method),
                             std::move(request.body), deadline_ns});
  } else {
    transport_.send_request(*callee, token, request);
  }
  return {};
}

// A link says for whom it speaks. What else a device writes there is lost.
Result<std::string> CallRouter::caller_of(DeviceId from, const std::string& claimed) const {
  if (!claimed.starts_with(kLinkPrefix)) return transport_.name_of(from);
  const auto far = parse_far_address(claimed);
  if (far && transport_.links_to(from, far->peer)) return claimed;
  return fail(Errc::denied, fmt::format("'{}' cannot call for {}: expected link/peer:device of a "
                                        "peer that it has a port open for",
                                        transport_.name_of(from), detail::in_quotes(claimed)));
}

Result<> CallRouter::check_granted(DeviceId from, const wire::RequestT& request) const {
  if (grants_.any(request.caller)) DKVM_CHECK(check_exists(request));
  const bool own = request.target == "kernel" && !needs_grant(request.method) &&
                   request.caller == transport_.name_of(from);
  if (own || grants_.allow(request.caller, request.target, request.method)) return {};
  return fail(Errc::denied,
              fmt::format("'{}' has no grant for {} at {}", request.caller,
                          detail::in_quotes(request.method), detail::in_quotes(request.target)));
}

Result<> CallRouter::check_exists(const wire::RequestT& request) const {
  using detail::did_you_mean;
  using detail::in_quotes;
  if (request.target == "kernel") {
    const auto methods = transport_.kernel_methods();
    if (std::ranges::find(methods, request.method) != methods.end()) return {};
    return fail(Errc::not_found,
                fmt::format("the kernel has no method {}{}", in_quotes(request.method),
                            did_you_mean(request.method, methods)));
  }
  if (parse_far_address(request.target)) return {};  // as far as this kernel knows
  if (transport_.has_device(request.target)) return {};
  auto targets = transport_.device_names();
  targets.push_back("kernel");
  return fail(Errc::not_found, fmt::format("there is no device {}{}", in_quotes(request.target),
                                           did_you_mean(request.target, targets)));
}

Result<DeviceId> CallRouter::callee_of(const wire::RequestT& request) const {
  if (request.target == "kernel") return kKernelDevice;
  if (const auto far = parse_far_address(request.target)) {
    if (const auto link = transport_.link_to(far->peer)) return *link;
    return fail(Errc::not_found, fmt::format("there is no link to the peer {} at present",
                                             detail::in_quotes(far->peer)));
  }
  if (const auto device = transport_.running_device(request.target)) return *device;
  return fail(Errc::not_found,
              fmt::format("device {} does not run", detail::in_quotes(request.target)));
}

Result<> CallRouter::on_response(DeviceId from, const Frame& frame) {
  DKVM_TRY(const wire::ResponseT response, read_payload<wire::ResponseT>(frame.payload));
  const auto call = pending_.find(frame.header.sequence());
  // Late after a timeout, or never asked: nobody waits for it.
  if (call == pending_.end() || call->second.callee != from) return {};
  const Pending pending = call->second;
  erase(call);
  respond(pending, response);
  return {};
}

void CallRouter::on_cancel(DeviceId from, const Frame& frame) {
  const auto id = ids_.find({from, frame.header.sequence()});
  if (id == ids_.end()) return;
  const auto call = pending_.find(id->second);
  if (call->second.callee != kKernelDevice) {
    transport_.send_cancel(call->second.callee, call->first);  // its answer is still due
  } else {
    close(call, Error(Errc::timeout, "the caller has cancelled the call"));
  }
}

void CallRouter::answer(std::uint64_t token, Result<std::string> result) {
  const auto call = pending_.find(token);
  if (call == pending_.end()) return;
  if (!result) return close(call, std::move(result).error());
  const Pending pending = call->second;
  erase(call);
  wire::ResponseT response;
  response.body = std::move(*result);
  respond(pending, response);
}

void CallRouter::device_gone(DeviceId device) {
  for (auto call = pending_.begin(); call != pending_.end();) {
    const auto next = std::next(call);
    if (call->second.caller == device) {
      if (call->second.callee != kKernelDevice)
        transport_.send_cancel(call->second.callee, call->first);
      erase(call);
    } else if (call->second.callee == device) {
      close(call, Error(Errc::disconnected,
                        fmt::format("'{}' ended before it answered", transport_.name_of(device))));
    }
    call = next;
  }
  outstanding_.erase(device);
}

std::uint64_t CallRouter::deadline() const {
  return deadlines_.empty() ? kNever : deadlines_.begin()->first;
}

void CallRouter::tick(std::uint64_t now_ns) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ns) {
    const auto call = pending_.find(deadlines_.begin()->second);
    if (call->second.callee != kKernelDevice)
      transport_.send_cancel(call->second.callee, call->first);
    close(call, Error(Errc::timeout, "no answer before the deadline"));
  }
}

std::uint64_t CallRouter::open(const Pending& pending) {
  const std::uint64_t token = ++last_token_;
  pending_.emplace(token, pending);
  ids_[{pending.caller, pending.caller_id}] = token;
  deadlines_.emplace(pending.deadline_ns, token);
  ++outstanding_[pending.caller];
  return token;
}

void CallRouter::respond(const Pending& pending, const wire::ResponseT& response) {
  transport_.send_response(pending.caller, pending.caller_id, response);
}

void CallRouter::close(Calls::iterator call, Error error) {
  const Pending pending = call->second;
  erase(call);
  respond(pending, response_of(error));
}

CallRouter::Calls::iterator CallRouter::erase(Calls::iterator call) {
  const Pending& pending = call->second;
  ids_.erase({pending.caller, pending.caller_id});
  --outstanding_[pending.caller];
  auto [at, end] = deadlines_.equal_range(pending.deadline_ns);
  at = std::find_if(at, end, [&](const auto& entry) { return entry.second == call->first; });
  deadlines_.erase(at);
  return pending_.erase(call);
}

}  // namespace dkvm
