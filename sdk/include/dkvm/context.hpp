#pragma once

#include <dkvm/config.hpp>
#include <dkvm/detail/held_codes.hpp>
#include <dkvm/detail/mailbox.hpp>
#include <dkvm/detail/poller_linux.hpp>
#include <dkvm/log.hpp>
#include <dkvm/port.hpp>
#include <dkvm/rpc.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dkvm {

// What a device does at the turning points of its life.
struct DeviceHooks {
  std::function<Result<>()> start;   // the kernel has answered hello
  std::function<void()> let_go;      // release whatever is held down on the real machine
  std::function<void()> stop;        // say goodbye: flush, close
};

// A running device: its ports, timers, watched descriptors and calls, on one
// thread. One descriptor, fd(), is readable whenever dispatch() has work, so
// any event loop can carry a device.
class Context {
 public:
  // Life: the ports belong to the device and outlive the context.
  Context(detail::Fd in, detail::Fd out, const Manifest& manifest)
      : in_(std::move(in)),
        out_(std::move(out)),
        session_(in_.get(), out_.get()),
        calls_(session_),
        config_(manifest.keys) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() {
    for (auto& [id, port] : out_ports_) port->session_ = nullptr;
    for (auto& [id, port] : in_ports_) port->session_ = nullptr;
  }

  // --- what a device asks for -------------------------------------------

  const ConfigReader& config() const { return config_; }
  const std::string& name() const { return session_.welcome().device; }
  const std::string& kernel() const { return session_.welcome().kernel; }
  std::uint32_t incarnation() const { return session_.welcome().incarnation; }

  // Sends at the first source port that carries the event's topic.
  template <class Event>
  Result<> emit(const Event& event, std::uint64_t capture_ns = now_ns()) {
    for (auto& [id, port] : out_ports_)
      if (port->carries(wire::EnumNameTopic(topic_of<Event>))) return port->emit(event, capture_ns);
    return fail(Errc::not_found, "the device has no source port for this event");
  }

  // Calls back whenever fd is readable (or closed).
  Result<> watch(int fd, std::function<void()> callback) {
    return poller_.watch(fd, detail::Poller::kReadable, std::move(callback));
  }
  // The same callback also whenever the watched fd takes more bytes, until
  // turned off again.
  void watch_writable(int fd, bool wanted) {
    poller_.set_interest(fd, detail::Poller::kReadable | (wanted ? detail::Poller::kWritable : 0));
  }
  void forget(int fd) { poller_.forget(fd); }

  using Timer = std::uint64_t;
  Timer after(std::chrono::nanoseconds delay, std::function<void()> callback) {
    return at(now_ns() + static_cast<std::uint64_t>(delay.count()), std::move(callback));
  }
  // At a time of CLOCK_MONOTONIC, for schedules that must not drift.
  Timer at(std::uint64_t time_ns, std::function<void()> callback) {
    return poller_.at(time_ns, std::move(callback));
  }
  void cancel_timer(Timer timer) { poller_.cancel(timer); }

  // Called over and over, between looks at the kernel and whenever it has taken
  // all that was sent, as long as it returns true: for sources that produce as
  // fast as they are allowed to. Emit some 10 to 100 events a call.
  void on_idle(std::function<bool()> callback) {
    idle_ = std::move(callback);
    poller_.stay_ready(idle_ && !backlogged());
  }

  // True while the kernel has not taken what was sent: a source that can wait, waits.
  bool backlogged() const { return session_.stream().pending() != 0; }

  // Runs `work` on the device's thread. The only call that other threads may make.
  void post(std::function<void()> work) {
    mailbox_.post(std::move(work));
  }

  // Calls a method of the kernel or of a device. The answer comes exactly
  // once: the callee's, or `timeout`, or `disconnected` when the device ends.
  Result<std::uint64_t> call(std::string target, std::string method, std::string body,
                             std::function<void(Answer)> on_answer,
                             std::chrono::milliseconds deadline = kCallTimeDefault) {
    auto timer = std::make_shared<Timer>();  // shared with the answer, which ends it
    auto answered = [this, timer, on_answer = std::move(on_answer)](Answer answer) {
      cancel_timer(*timer);
      if (on_answer) on_answer(std::move(answer));
    };
    DKVM_TRY(const std::uint64_t id, calls_.call(std::move(target), std::move(method),
                                                 std::move(body), std::move(answered), deadline));
    *timer = after(deadline + kAnswerGrace, [this, id] { calls_.expire(id); });
    return id;
  }
  // Ends the wait; the callback is not called.
  void cancel_call(std::uint64_t id) { calls_.cancel(id); }

  void serve(std::string method, std::function<void(const Call&, Reply)> handler) {
    calls_.serve(std::move(method), std::move(handler));
  }

  // Tells of every change of any device's state, from now on (needs a grant
  // for devices.subscribe). on_answer says whether the kernel agreed.
  Result<> subscribe_devices(std::function<void(const DeviceState&)> on_change,
                             std::function<void(Answer)> on_answer = {}) {
    kernel_events_.set<DeviceState>(
        [on_change = std::move(on_change)](const DeviceState& state, const EventInfo&) {
          on_change(state);
        });
    DKVM_CHECK(call("kernel", "devices.subscribe", "{}", std::move(on_answer)));
    return {};
  }

  // Ports that come and go while the device runs (a link's peers).
  Result<OutPort*> open_source(PortManifest manifest) {
    manifest.direction = wire::Direction::source;
    return open(std::move(manifest), out_ports_, owned_out_);
  }
  Result<InPort*> open_sink(PortManifest manifest) {
    manifest.direction = wire::Direction::sink;
    return open(std::move(manifest), in_ports_, owned_in_);
  }
  Result<> close_port(std::uint16_t id) {
    out_ports_.erase(id);
    in_ports_.erase(id);
    return session_.send({.kind = wire::FrameKind::port_close, .port = id});
  }

  // Ends the device once the kernel has taken everything sent: exit status 0 is
  // `finished`.
  void finish(int status = 0) {
    if (!exit_status_) exit_status_ = status;
    mailbox_.ring();
  }
  // The same for an error, which is logged: invalid and unsupported park the
  // device until its configuration changes, any other is tried again.
  void finish(const Error& error) {
    log_error(error.message());
    finish(refused(error.code()) ? kExitRefused : 1);
  }

  Session& session() { return session_; }

  // --- for the loop that carries it ---------------------------------------

  void set_hooks(DeviceHooks hooks) { hooks_ = std::move(hooks); }
  void add_port(OutPort& port) { bind(port, out_ports_); }
  void add_port(InPort& port) { bind(port, in_ports_); }

  // Says hello. Errors: Errc::disconnected.
  Result<> begin(const Manifest& manifest) {
    DKVM_CHECK(mailbox_.open());
    DKVM_CHECK(
        poller_.watch(mailbox_.fd(), detail::Poller::kReadable, [this] { open_mail(); }));
    DKVM_CHECK(poller_.watch(in_.get(), detail::Poller::kReadable, [this] { read_kernel(); }));
    last_frame_ns_ = now_ns();
    DKVM_CHECK(session_.hello(manifest));
    // What is sent between two dispatches (from a callback of the loop that
    // carries the device) asks for the next one.
    session_.stream().on_first([this] {
      if (!dispatching_) want_writable(true);
    });
    return {};
  }

  int fd() const { return poller_.fd(); }
  bool finished() const { return left_; }
  int exit_status() const { return exit_status_.value_or(0); }

  // Does what is ready, waiting at most timeout_ms (-1: for ever), and sends
  // the batch that came of it.
  void dispatch(int timeout_ms = 0) {
    dispatching_ = true;
    poller_.dispatch(timeout_ms);
    run_idle();
    end_batches();
    if (!session_.stream().flush()) leaving_ = leaving_ || exit_status_;
    if (exit_status_ && (leaving_ || !backlogged())) return leave();
    want_writable(backlogged());
    poller_.stay_ready(idle_ && !backlogged());
    dispatching_ = false;
  }

  // From a signal handler: end as on SIGTERM.
  void terminate_from_signal() {
    terminated_ = 1;
    mailbox_.ring();
  }

 private:
  static constexpr std::chrono::milliseconds kAnswerGrace{100};
  static constexpr std::uint64_t kSilenceCheckNs = 50'000'000;
  static constexpr std::chrono::milliseconds kLeaveTimeMax{500};

  template <class PortType>
  void bind(PortType& port, std::map<std::uint16_t, PortType*>& ports) {
    port.session_ = &session_;
    ports[port.id()] = &port;
  }

  template <class PortType>
  Result<PortType*> open(PortManifest manifest, std::map<std::uint16_t, PortType*>& ports,
                         std::map<std::uint16_t, std::unique_ptr<PortType>>& owned) {
    if (out_ports_.contains(manifest.id) || in_ports_.contains(manifest.id))
      return fail(Errc::invalid, "port id " + std::to_string(manifest.id) + " is in use");
    wire::PortOpenT message;
    message.port = std::make_unique<wire::PortSpecT>(Session::spec_of(manifest));
    DKVM_CHECK(session_.send_table({.kind = wire::FrameKind::port_open, .port = manifest.id}, message));
    auto& port = owned[manifest.id];
    port = std::make_unique<PortType>(std::move(manifest));
    bind(*port, ports);
    return port.get();
  }

  void read_kernel() {
    // Whatever is left is read at the next turn: other descriptors get theirs.
    const auto got = session_.stream().fill();
    if (!got) return lost(got.error());
    if (!*got) return;
    last_frame_ns_ = now_ns();
    const auto read = session_.stream().each_frame([this](const Frame& frame) {
      note(take(frame));
      return !leaving_;
    });
    if (!read) lost(read.error());
  }

  Result<> take(const Frame& frame) {
    const std::uint16_t port = frame.header.port();
    switch (frame.kind()) {
      case wire::FrameKind::event: return event(port, frame);
      case wire::FrameKind::upstream:
        if (const auto found = out_ports_.find(port); found != out_ports_.end())
          found->second->handlers_.handle(frame);
        return {};
      case wire::FrameKind::welcome: return welcome(frame);
      case wire::FrameKind::topics: return session_.learn_topics(frame.payload);
      case wire::FrameKind::request: return calls_.on_request(frame);
      case wire::FrameKind::response:
        return calls_.on_response(frame);
      case wire::FrameKind::cancel: calls_.on_cancel(frame); return {};
      case wire::FrameKind::pause: set_paused(port, true); return {};
      case wire::FrameKind::resume: set_paused(port, false); return {};
      case wire::FrameKind::ping:
        // The first answer says that the device has started: one that could not keeps silent.
        if (exit_status_.value_or(0) != 0) return {};
        return session_.send({.kind = wire::FrameKind::pong, .sequence = frame.header.sequence()});
      case wire::FrameKind::stop: return stop();
      default: return {};  // a newer kernel may say more than we know
    }
  }

  Result<> event(std::uint16_t port, const Frame& frame) {
    if (port == kKernelPort) {
      kernel_events_.handle(frame);
      return {};
    }
    const auto found = in_ports_.find(port);
    if (found == in_ports_.end()) return {};
    if (held_.follow(frame)) watch_silence();
    found->second->deliver(frame);
    return {};
  }

  Result<> welcome(const Frame& frame) {
    if (running_) return fail(Errc::corrupt, "the kernel welcomed this device twice");
    if (auto welcomed = session_.welcomed(frame.payload); !welcomed) {
      finish(kExitRefused);
      return welcomed;
    }
    running_ = true;
    for (auto& [id, port] : in_ports_) port->bind_custom();
    if (!hooks_.start) return {};
    if (auto started = hooks_.start(); !started)
      finish(std::move(started).error().within("cannot start"));
    return {};
  }

  static bool refused(Errc code) {
    return code == Errc::invalid || code == Errc::unsupported;
  }

  Result<> stop() {
    say_goodbye();
    end_batches();
    leave_with(0);
    return session_.send({.kind = wire::FrameKind::stopped});
  }

  void run_idle() {
    if (!idle_ || !running_ || exit_status_ || backlogged()) return;
    auto idle = std::exchange(idle_, nullptr);  // may set another
    if (idle() && !idle_) idle_ = std::move(idle);
  }

  void end_batches() {
    for (auto& [id, port] : in_ports_) {
      if (const auto ended = port->end_batch(); !ended) {
        finish(ended.error());
      } else {
        note(port->report_applied());
      }
    }
  }

  void set_paused(std::uint16_t id, bool paused) {
    const auto found = out_ports_.find(id);
    if (found == out_ports_.end()) return;
    OutPort& port = *found->second;
    port.paused_ = paused;
    if (!paused && port.on_resume_) port.on_resume_();
  }

  // A sink must not leave a key down when its kernel falls silent. Watched only
  // while something is held: a device with nothing to release sleeps.
  void watch_silence() {
    const std::uint64_t limit_ns = session_.welcome().silence_ms * std::uint64_t{1'000'000};
    if (limit_ns == 0 || silence_watched_) return;
    silence_watched_ = true;
    at(std::max(last_frame_ns_ + limit_ns, now_ns() + kSilenceCheckNs), [this, limit_ns] {
      silence_watched_ = false;
      if (!held_.any()) return;
      const bool silent = now_ns() - last_frame_ns_ >= limit_ns && !readable(in_.get());
      return silent ? end_silence() : watch_silence();
    });
  }

  void end_silence() {
    log_warning("the kernel is silent: letting go of everything held");
    release_held();
    for (auto& [id, port] : in_ports_)
      if (port->carries("key") || port->carries("pointer_button"))
        note(port->send_upstream(InputState{}));
  }

  static bool readable(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
  }

  void release_held() {
    held_.clear();
    if (hooks_.let_go) hooks_.let_go();
  }

  void say_goodbye() {
    if (std::exchange(said_goodbye_, true) || !running_) return;
    release_held();
    if (hooks_.stop) hooks_.stop();
  }

  void lost(const Error& error) {
    if (error.code() == Errc::corrupt) log_error(error.message());
    say_goodbye();
    leave_with(error.code() == Errc::corrupt ? 1 : 0);
  }

  // Ends the device now; what is still unsent has kLeaveTimeMax.
  void leave_with(int status) {
    leaving_ = true;
    finish(status);
  }

  // An error on the way out means that the stream is gone: the next read says so.
  void note(const Result<>& result) {
    if (!result && result.error().code() != Errc::disconnected) log_error(result.error().message());
  }

  void leave() {
    say_goodbye();
    calls_.end(Error(Errc::disconnected, "the device ends"));
    note(session_.stream().drain(kLeaveTimeMax));
    left_ = true;
  }

  void want_writable(bool wanted) {
    if (wanted == writable_wanted_) return;
    writable_wanted_ = wanted;
    const std::uint32_t interest = wanted ? detail::Poller::kWritable : 0;
    if (in_.get() == out_.get() || !out_) {
      poller_.set_interest(in_.get(), detail::Poller::kReadable | interest);
    } else if (wanted) {
      note(poller_.watch(out_.get(), detail::Poller::kWritable, [] {}));
    } else {
      poller_.forget(out_.get());
    }
  }

  void open_mail() {
    auto work = mailbox_.take();
    if (terminated_ != 0) {
      say_goodbye();
      leave_with(0);
    }
    for (auto& each : work) each();
  }

  detail::Fd in_;
  detail::Fd out_;
  detail::Poller poller_;
  Session session_;
  detail::Calls calls_;
  ConfigReader config_;
  DeviceHooks hooks_;

  std::map<std::uint16_t, OutPort*> out_ports_;
  std::map<std::uint16_t, InPort*> in_ports_;
  std::map<std::uint16_t, std::unique_ptr<OutPort>> owned_out_;
  std::map<std::uint16_t, std::unique_ptr<InPort>> owned_in_;
  detail::Handlers kernel_events_;
  std::function<bool()> idle_;

  detail::HeldCodes held_;
  std::uint64_t last_frame_ns_ = 0;
  bool running_ = false;
  bool said_goodbye_ = false;
  bool writable_wanted_ = false;
  bool dispatching_ = false;
  bool silence_watched_ = false;
  bool leaving_ = false;  // what is unsent has had its chance
  bool left_ = false;
  std::optional<int> exit_status_;

  detail::Mailbox mailbox_;
  volatile std::sig_atomic_t terminated_ = 0;
};

}  // namespace dkvm
