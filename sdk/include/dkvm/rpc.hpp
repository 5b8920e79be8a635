#pragma once

#include <dkvm/limits.hpp>
#include <dkvm/result.hpp>
#include <dkvm/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

// Calls between devices and the kernel. Bodies are JSON texts; this layer
// never looks into them. Every call has exactly one answer.
// Source: docs/protocol.md, "Calls".
namespace dkvm {

// The body of an answer, a JSON text; or why there is none.
using Answer = Result<std::string>;

// A call to serve.
struct Call {
  std::string method;
  std::string caller;  // written by the kernel: a device, or link/laptop:device
  std::string body;
  std::chrono::milliseconds deadline{0};  // from now
  std::string target{};                   // this device's name, or link/laptop:device beyond it
};

namespace detail {

// Shared between a Reply and the session it answers on, whichever ends first.
struct PendingReply {
  Session* session = nullptr;
  std::uint64_t id = 0;
  bool cancelled = false;
  std::function<void()> on_cancel;
};

inline Result<> send_answer(Session& session, std::uint64_t id, const Answer& answer) {
  wire::ResponseT response;
  if (answer) {
    response.body = *answer;
  } else {
    response.code = static_cast<wire::Code>(answer.error().code());
    response.message = answer.error().message();
  }
  if (response.body.size() + response.message.size() > kCallBodyBytesMax) {
    response = {};
    response.code = wire::Code::exhausted;
    response.message = "the answer is larger than a frame: ask for a page of it";
  }
  return session.send_table({.kind = wire::FrameKind::response, .sequence = id}, response);
}

}  // namespace detail

// The one answer to a call; may be kept and given later. One that is dropped
// unanswered answers `internal`.
class Reply {
 public:
  explicit Reply(std::shared_ptr<detail::PendingReply> pending) : pending_(std::move(pending)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&&) noexcept = default;
  ~Reply() {
    if (pending_ && pending_->session) (*this)(fail(Errc::internal, "the call was dropped"));
  }

  void operator()(const Answer& answer) {
    if (!pending_) return;
    const auto pending = std::exchange(pending_, nullptr);
    if (pending->session == nullptr) return;
    Session& session = *std::exchange(pending->session, nullptr);
    // A stream that cannot take the answer is closing, and says so at its next use.
    [[maybe_unused]] const auto sent = detail::send_answer(session, pending->id, answer);
  }

  // Called when the caller no longer waits, at once when that is so already; an
  // answer is still due.
  void on_cancel(std::function<void()> callback) {
    if (!pending_) return;
    if (pending_->cancelled) return callback();
    pending_->on_cancel = std::move(callback);
  }

 private:
  std::shared_ptr<detail::PendingReply> pending_;
};

namespace detail {

// The calls of one session, both ways.
class Calls {
 public:
  static constexpr std::size_t kCallsServedMax = 1024;  // unanswered; more are `overloaded`

  using OnAnswer = std::function<void(Answer)>;
  using Serve = std::function<void(const Call&, Reply)>;

  explicit Calls(Session& session) : session_(session) {}
  ~Calls() {
    for (auto& [id, pending] : serving_)
      if (const auto alive = pending.lock()) alive->session = nullptr;
  }

  void serve(std::string method, Serve handler) {
    methods_[std::move(method)] = std::move(handler);
  }
  void serve_links(Serve handler) { links_ = std::move(handler); }

  // Errors: Errc::overloaded with too many calls outstanding.
  // caller: on whose behalf a link calls; empty: this device's.
  Result<std::uint64_t> call(std::string target, std::string method, std::string body,
                             OnAnswer on_answer, std::chrono::milliseconds deadline,
                             std::string caller = {}) {
    if (waiting_.size() >= kCallsOutstandingMax)
      return fail(Errc::overloaded, "calling " + method + ": " +
                                        std::to_string(kCallsOutstandingMax) +
                                        " calls wait for their answer already");
    wire::RequestT request;
    request.target = std::move(target);
    request.method = std::move(method);
    request.caller = std::move(caller);
    request.body = std::move(body);
    request.deadline_ms = static_cast<std::uint32_t>(deadline.count());
    if (request.body.size() > kCallBodyBytesMax)
      return fail(Errc::invalid, "the body of a call is at most 60 KiB");
    const std::uint64_t id = ++last_id_;
    DKVM_CHECK(session_.send_table({.kind = wire::FrameKind::request, .sequence = id}, request));
    waiting_[id] = std::move(on_answer);
    return id;
  }

  // Ends the wait: the callback gets `timeout` at once, a late answer is dropped.
  void expire(std::uint64_t id) {
    if (!waiting_.contains(id)) return;
    [[maybe_unused]] const auto sent =
        session_.send({.kind = wire::FrameKind::cancel, .sequence = id});
    finish(id, fail(Errc::timeout, "no answer in time"));
  }

  void cancel(std::uint64_t id) {
    if (waiting_.erase(id) == 0) return;
    [[maybe_unused]] const auto sent =
        session_.send({.kind = wire::FrameKind::cancel, .sequence = id});
  }

  // Nobody will answer any more: every callback gets `error`.
  void end(const Error& error) {
    for (auto& [id, on_answer] : std::exchange(waiting_, {}))
      if (on_answer) on_answer(fail(error));
  }

  Result<> on_response(const Frame& frame) {
    DKVM_TRY(wire::ResponseT response, read_payload<wire::ResponseT>(frame.payload));
    if (response.code == wire::Code::ok) {
      finish(frame.header.sequence(), std::move(response.body));
    } else {
      finish(frame.header.sequence(),
             fail(static_cast<Errc>(response.code), std::move(response.message)));
    }
    return {};
  }

  Result<> on_request(const Frame& frame) {
    DKVM_TRY(wire::RequestT request, read_payload<wire::RequestT>(frame.payload));
    auto pending = std::make_shared<PendingReply>();
    pending->session = &session_;
    pending->id = frame.header.sequence();
    const bool full = unanswered() >= kCallsServedMax;
    if (!full) serving_[pending->id] = pending;
    Reply reply(std::move(pending));
    if (full) {
      reply(fail(Errc::overloaded,
                 std::to_string(kCallsServedMax) + " calls wait for this device already"));
      return {};
    }
    const Serve* handler = handler_of(request);
    if (handler == nullptr) {
      reply(fail(Errc::not_found, "no method '" + request.method + "' here"));
      return {};
    }
    const Call call{std::move(request.method), std::move(request.caller), std::move(request.body),
                    std::chrono::milliseconds(request.deadline_ms), std::move(request.target)};
    (*handler)(call, std::move(reply));
    return {};
  }

  void on_cancel(const Frame& frame) {
    const auto found = serving_.find(frame.header.sequence());
    if (found == serving_.end()) return;
    const auto pending = found->second.lock();
    if (!pending || pending->cancelled) return;
    pending->cancelled = true;
    if (pending->on_cancel) pending->on_cancel();
  }

 private:
  const Serve* handler_of(const wire::RequestT& request) const {
    if (links_ && request.target.starts_with("link/")) return &links_;
    const auto method = methods_.find(request.method);
    return method == methods_.end() ? nullptr : &method->second;
  }

  void finish(std::uint64_t id, Answer answer) {
    auto waiting = waiting_.extract(id);
    if (!waiting.empty() && waiting.mapped()) waiting.mapped()(std::move(answer));
  }

  // The calls not answered yet, and perhaps some that are.
  std::size_t unanswered() {
    if (serving_.size() >= kCallsServedMax)
      std::erase_if(serving_, [](const auto& entry) { return entry.second.expired(); });
    return serving_.size();
  }

  Session& session_;
  std::unordered_map<std::string, Serve> methods_;
  Serve links_;
  std::unordered_map<std::uint64_t, OnAnswer> waiting_;
  std::unordered_map<std::uint64_t, std::weak_ptr<PendingReply>> serving_;
  std::uint64_t last_id_ = 0;
};

}  // namespace detail
}  // namespace dkvm
