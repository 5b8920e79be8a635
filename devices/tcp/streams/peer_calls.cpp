#include "devices/tcp/streams/peer_calls.hpp"

#include <fmt/format.h>

#include <utility>

namespace dkvm::tcp {
namespace {

constexpr std::size_t kMessageBytesMax = 4 * 1024;  // of an error; the rest is left out
constexpr std::size_t kCallBytesMax = 63 * 1024;    // in a payload, without what frames it

bool fits(const wire::RequestT& call) {
  return call.target.size() + call.method.size() + call.caller.size() + call.body.size() <=
         kCallBytesMax;
}

}  // namespace

bool PeerCalls::may_send() const { return shared_.link.backlog() <= kCallBacklogMax; }

void PeerCalls::call(const Call& call, Reply reply) {
  const std::string& peer = shared_.link.name();
  if (!shared_.link.up())
    return reply(fail(Errc::disconnected, "the link to '" + peer + "' is not up"));
  const std::size_t colon = call.target.find(':');
  if (colon == std::string::npos || colon + 1 == call.target.size())
    return reply(fail(Errc::invalid, fmt::format("'{}' names no device, expected link/{}:device",
                                                 call.target, peer)));
  wire::RequestT request;
  request.target = call.target.substr(colon + 1);
  request.method = call.method;
  request.caller = call.caller;
  request.deadline_ms = static_cast<std::uint32_t>(call.deadline.count());
  request.body = call.body;
  if (!fits(request))
    return reply(fail(Errc::invalid, "a call over a link has at most 63 KiB, with all names"));
  if (!may_send()) return reply(fail(overloaded("the link to '" + peer + "' is behind")));
  const std::uint64_t id = ++last_id_;
  shared_.send_table(wire::FrameKind::request, 0, request, id);
  reply.on_cancel([this, id] {
    const auto waiting = waiting_.extract(id);
    if (waiting.empty()) return;
    shared_.signal(wire::FrameKind::cancel, 0, id);
    (*waiting.mapped())(fail(Errc::timeout, "the caller waits no more"));
  });
  waiting_.emplace(id, std::make_shared<Reply>(std::move(reply)));
}

Result<> PeerCalls::frame(const Frame& frame) {
  if (frame.kind() == wire::FrameKind::request) return on_request(frame);
  if (frame.kind() == wire::FrameKind::response) return on_response(frame);
  const auto found = serving_.find(frame.header.sequence());
  if (found == serving_.end()) return {};
  const auto [theirs, ours] = *found;
  serving_.erase(found);
  shared_.context.cancel_call(ours);
  answer(theirs, fail(Errc::timeout, "the caller has cancelled the call"));
  return {};
}

Result<> PeerCalls::on_request(const Frame& frame) {
  DKVM_TRY(wire::RequestT request, read_payload<wire::RequestT>(frame.payload));
  const std::uint64_t id = frame.header.sequence();
  if (serving_.contains(id))
    return fail(Errc::corrupt, fmt::format("the peer makes call {} while that waits", id));
  if (serving_.size() >= kPeerCallsMax) {
    answer(id, fail(overloaded(fmt::format("{} calls of this peer wait", kPeerCallsMax))));
    return {};
  }
  const std::chrono::milliseconds deadline =
      request.deadline_ms == 0 ? kCallTimeDefault : std::chrono::milliseconds(request.deadline_ms);
  auto called = shared_.context.call_as(
      "link/" + shared_.link.name() + ":" + request.caller, std::move(request.target),
      std::move(request.method), std::move(request.body),
      [this, id](const Answer& body) {
        if (serving_.erase(id) != 0) answer(id, body);
      },
      deadline);
  if (called)
    serving_.emplace(id, *called);
  else
    answer(id, fail(called.error()));
  return {};
}

void PeerCalls::answer(std::uint64_t id, const Answer& answer) {
  wire::ResponseT response;
  if (answer && !may_send()) {
    const Error why = overloaded("the link is behind");
    response.code = static_cast<wire::Code>(why.code());
    response.message = why.message();
  } else if (answer) {
    response.body = *answer;
  } else {
    response.code = static_cast<wire::Code>(answer.error().code());
    response.message = answer.error().message().substr(0, kMessageBytesMax);
  }
  shared_.send_table(wire::FrameKind::response, 0, response, id);
}

Result<> PeerCalls::on_response(const Frame& frame) {
  DKVM_TRY(wire::ResponseT response, read_payload<wire::ResponseT>(frame.payload));
  auto waiting = waiting_.extract(frame.header.sequence());
  if (waiting.empty()) return {};  // cancelled, or never asked: nobody waits
  Reply& reply = *waiting.mapped();
  if (response.code == wire::Code::ok)
    reply(std::move(response.body));
  else
    reply(fail(static_cast<Errc>(response.code), std::move(response.message)));
  return {};
}

void PeerCalls::end(const Error& why) {
  for (auto& [id, reply] : std::exchange(waiting_, {})) (*reply)(fail(why));
  for (const auto& [theirs, ours] : std::exchange(serving_, {})) shared_.context.cancel_call(ours);
}

}  // namespace dkvm::tcp
