#pragma once

#include <dkvm/config.hpp>
#include <dkvm/detail/conversation.hpp>
#include <dkvm/detail/mailbox.hpp>
#include <dkvm/detail/poller_linux.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/port.hpp>
#include <dkvm/rpc.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// A running device: its ports, timers, watched descriptors and calls, on one
// thread. One descriptor, fd(), is readable whenever dispatch() has work, so
// any event loop can carry a device. Callbacks may call anything here but
// dispatch().
class Context {
 public:
  // Life: the ports belong to the device and outlive the context.
  Context(Fd in, Fd out, const Manifest& manifest)
      : in_(std::move(in)),
        out_(std::move(out)),
        kernel_(in_.get(), out_.get(), poller_),
        config_(manifest.keys) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // --- who it is ------------------------------------------------------------

  const ConfigReader& config() const { return config_; }
  // As the kernel's welcome says; empty and 0 before it.
  const std::string& name() const { return kernel_.session().welcome().device; }
  const std::string& kernel() const { return kernel_.session().welcome().kernel; }
  std::uint64_t kernel_id() const { return kernel_.session().welcome().kernel_id; }
  std::uint32_t incarnation() const { return kernel_.session().welcome().incarnation; }
  // When the kernel was last heard, for devices that others wait for; and asking it for
  // a word, which a kernel at work gives at once.
  std::uint64_t kernel_heard_ns() const { return kernel_.heard_ns(); }
  void ask_kernel() { kernel_.ask(); }

  // --- events and ports -----------------------------------------------------

  // Sends at the first source port that carries the event's topic.
  // Errors: Errc::not_found without such a port, those of OutPort::emit().
  template <class Event>
  Result<> emit(const Event& event, std::uint64_t capture_ns = now_ns()) {
    const char* topic = wire::EnumNameTopic(topic_of<Event>);
    OutPort* port = kernel_.ports().source_of(topic);
    if (port == nullptr)
      return fail(Errc::not_found,
                  "the device has no source port for events of topic '" + std::string(topic) + "'");
    return port->emit(event, capture_ns);
  }

  // True while the kernel has not taken what was sent: a source that can wait, waits.
  bool backlogged() const { return kernel_.session().stream().pending() != 0; }

  // Ports that come and go while the device runs (a link's peers). The manifest
  // says runtime_ports, or the kernel ends the device.
  // Errors: Errc::invalid before the device runs and for an id in use,
  //         Errc::exhausted with kPortsPerDeviceMax ports open.
  // Life:   open until close_port() or the context's end; one that is kept
  //         longer says Errc::invalid, and its callbacks are gone
  Result<std::shared_ptr<OutPort>> open_source(PortManifest manifest) {
    return kernel_.ports().open_source(std::move(manifest));
  }
  Result<std::shared_ptr<InPort>> open_sink(PortManifest manifest) {
    return kernel_.ports().open_sink(std::move(manifest));
  }
  // What a sink port holds down is released before, by its device.
  // Errors: Errc::invalid before the device runs, Errc::not_found when no port
  //         has this id.
  Result<> close_port(std::uint16_t id) { return kernel_.close_port(id); }

  // The number that this kernel has for a topic; 0 for one of one's own that no port
  // has declared. And its name; empty for a number that nobody has.
  TopicId topic_id(std::string_view name) const { return kernel_.session().topic_id(name); }
  std::string topic_name(TopicId id) const { return kernel_.session().topic_name(id); }

  // --- descriptors, timers, other work ----------------------------------------

  // Calls back whenever fd is readable (or closed by its other end).
  // Errors: Errc::invalid for one that cannot be watched (a plain file).
  // Life:   fd stays open until forget(fd)
  Result<> watch(int fd, std::function<void()> callback) {
    return poller_.watch(fd, detail::Poller::kReadable, std::move(callback));
  }
  // The same callback also whenever the watched fd takes more bytes, until
  // turned off again.
  void watch_writable(int fd, bool wanted) {
    poller_.set_interest(fd, detail::Poller::kReadable | (wanted ? detail::Poller::kWritable : 0));
  }
  void forget(int fd) { poller_.forget(fd); }

  // Calls back once, unless cancelled before. A handle is never used twice.
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

  // Called after all other callbacks of a turn, before what was sent in it leaves:
  // the place to flush other streams. Several are called in the order in which they
  // were given.
  // Life: as long as the context
  void on_turn_end(std::function<void()> callback) { turn_ends_.push_back(std::move(callback)); }

  // Runs `work` on the device's thread. The only call that other threads may make.
  // Errors: Errc::overloaded when 4096 pieces of work wait; this one is not taken.
  Result<> post(std::function<void()> work) { return mailbox_.post(std::move(work)); }

  // --- calls ------------------------------------------------------------------

  // Calls a method of the kernel or of a device; body is a JSON text of at most
  // kCallBodyBytesMax. The answer comes exactly once: the callee's, or
  // `timeout`, or `disconnected` when the device ends.
  // Errors: Errc::invalid before the device runs and for a body that is too
  //         long, Errc::overloaded with kCallsOutstandingMax calls waiting.
  Result<std::uint64_t> call(std::string target, std::string method, std::string body,
                             std::function<void(Answer)> on_answer,
                             std::chrono::milliseconds deadline = kCallTimeDefault) {
    return call_as({}, std::move(target), std::move(method), std::move(body), std::move(on_answer),
                   deadline);
  }
  // The same on behalf of `caller`, link/PEER:device: for links, whose kernel takes
  // their word for peers that they have a port open for. Empty: this device.
  Result<std::uint64_t> call_as(std::string caller, std::string target, std::string method,
                                std::string body, std::function<void(Answer)> on_answer,
                                std::chrono::milliseconds deadline = kCallTimeDefault) {
    if (!kernel_.life().welcomed())
      return fail(Errc::invalid, "calling " + method + ": the device is not running yet");
    auto timer = std::make_shared<Timer>();  // shared with the answer, which ends it
    auto answered = [this, timer, on_answer = std::move(on_answer)](Answer answer) {
      cancel_timer(*timer);
      if (on_answer) on_answer(std::move(answer));
    };
    DKVM_TRY(const std::uint64_t id,
             kernel_.calls().call(std::move(target), std::move(method), std::move(body),
                                  std::move(answered), deadline, std::move(caller)));
    *timer = after(deadline + kAnswerGrace, [this, id] { kernel_.calls().expire(id); });
    return id;
  }
  // Ends the wait; the callback is not called.
  void cancel_call(std::uint64_t id) { kernel_.calls().cancel(id); }

  // Answers the calls of this method; a later handler takes the earlier's place.
  void serve(std::string method, std::function<void(const Call&, Reply)> handler) {
    kernel_.calls().serve(std::move(method), std::move(handler));
  }

  // Answers the calls whose target is not this device but beyond it (`link/…`), of
  // every method. Without it they are taken as this device's own.
  void serve_links(std::function<void(const Call&, Reply)> handler) {
    kernel_.calls().serve_links(std::move(handler));
  }

  // Tells of every change of any device's state, from now on (needs a grant
  // for devices.subscribe). on_answer says whether the kernel agreed.
  Result<> subscribe_devices(std::function<void(const DeviceState&)> on_change,
                             std::function<void(Answer)> on_answer = {}) {
    kernel_.kernel_events().set<DeviceState>(
        [on_change = std::move(on_change)](const DeviceState& state, const EventInfo&) {
          on_change(state);
        });
    DKVM_CHECK(call("kernel", "devices.subscribe", "{}", std::move(on_answer)));
    return {};
  }

  // --- its end ------------------------------------------------------------------

  // Ends the device once the kernel has taken everything sent: exit status 0 is
  // `finished`. The first status counts.
  void finish(int status = 0) {
    kernel_.life().end(status);
    mailbox_.ring();
  }
  // The same for an error, which is logged: invalid and unsupported park the
  // device until its configuration changes, any other is tried again.
  void finish(const Error& error) {
    kernel_.life().end(error);
    mailbox_.ring();
  }

  // --- for the loop that carries it (Device::run_over() does the first three) ---

  void set_hooks(DeviceHooks hooks) { kernel_.life().set_hooks(std::move(hooks)); }
  template <class PortType>
  void add_port(PortType& port) {
    kernel_.ports().add(port);
  }

  // Says hello. Errors: Errc::disconnected.
  Result<> begin(const Manifest& manifest) {
    DKVM_CHECK(mailbox_.open());
    DKVM_CHECK(poller_.watch(mailbox_.fd(), detail::Poller::kReadable, [this] { open_mail(); }));
    DKVM_CHECK(poller_.watch(in_.get(), detail::Poller::kReadable, [this] { kernel_.read(); }));
    DKVM_CHECK(kernel_.begin(manifest));
    // What is sent between two dispatches (from a callback of the loop that
    // carries the device) asks for the next one.
    stream().on_first([this] {
      if (!dispatching_) want_writable(true);
    });
    return {};
  }

  // Life: valid as long as the context.
  int fd() const { return poller_.fd(); }
  bool finished() const { return kernel_.life().left(); }
  int exit_status() const { return kernel_.life().exit_status(); }

  // Does what is ready, waiting at most timeout_ms (-1: for ever), and sends
  // the batch that came of it.
  void dispatch(int timeout_ms = 0) {
    dispatching_ = true;
    poller_.dispatch(timeout_ms);
    run_idle();
    kernel_.end_batches();
    for (std::size_t i = 0; i < turn_ends_.size(); ++i) turn_ends_[i]();  // one may add another
    if (!turn_ends_.empty()) kernel_.write_owed();
    detail::Life& life = kernel_.life();
    if (!stream().flush()) life.hurry();
    if (life.ending() && (life.hurried() || !backlogged())) return leave();
    want_writable(backlogged());
    poller_.stay_ready(idle_ && !backlogged());
    dispatching_ = false;
  }

  // Ends the device in good order: says goodbye, and leaves what is unsent 500 ms.
  // Made for signal handlers.
  void terminate_from_signal() {
    terminated_ = 1;
    mailbox_.ring();
  }

 private:
  static constexpr std::chrono::milliseconds kAnswerGrace{100};
  static constexpr std::chrono::milliseconds kLeaveTimeMax{500};

  detail::Stream& stream() { return kernel_.session().stream(); }

  void run_idle() {
    if (!idle_ || !kernel_.life().welcomed() || kernel_.life().ending() || backlogged()) return;
    auto idle = std::exchange(idle_, nullptr);  // may set another
    if (idle() && !idle_) idle_ = std::move(idle);
  }

  void leave() {
    kernel_.say_goodbye();
    kernel_.calls().end(Error(Errc::disconnected, "the device ends"));
    detail::log_unless_gone(stream().drain(kLeaveTimeMax));
    kernel_.life().leave();
  }

  void want_writable(bool wanted) {
    if (wanted == writable_wanted_) return;
    writable_wanted_ = wanted;
    const std::uint32_t interest = wanted ? detail::Poller::kWritable : 0;
    if (in_.get() == out_.get() || !out_) {
      poller_.set_interest(in_.get(), detail::Poller::kReadable | interest);
    } else if (wanted) {
      detail::log_unless_gone(poller_.watch(out_.get(), detail::Poller::kWritable, [] {}));
    } else {
      poller_.forget(out_.get());
    }
  }

  void open_mail() {
    auto work = mailbox_.take();
    if (terminated_ != 0) {
      kernel_.say_goodbye();
      kernel_.life().end_now(0);
    }
    for (auto& each : work) each();
  }

  Fd in_;
  Fd out_;
  detail::Poller poller_;
  detail::Conversation kernel_;
  ConfigReader config_;
  std::function<bool()> idle_;
  std::deque<std::function<void()>> turn_ends_;  // stay where they are while they run
  bool writable_wanted_ = false;
  bool dispatching_ = false;
  detail::Mailbox mailbox_;
  volatile std::sig_atomic_t terminated_ = 0;
};

}  // namespace dkvm
