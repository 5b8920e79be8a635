#include "devices/x11/input/keycode_rules.hpp"
#include "devices/x11/input/panic_chord.hpp"
#include "devices/x11/input/source_desk.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/log.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A little longer than other files: who has the input is one state.
namespace {

using namespace dkvm;
using namespace std::chrono_literals;

constexpr auto kStatePeriod = 1s;
constexpr auto kGrabTimeMax = 150ms;  // menus hold grabs for a moment
constexpr auto kGrabAgain = 10ms;
constexpr std::uint64_t kDeafNs = 400'000'000;
constexpr std::uint64_t kStandstillNs = 1'200'000'000;  // it asks for life once a second

// The keyboard and the mouse of an X desktop.
class X11InputSource final : public Device, private x11::RawInput::Listener {
 public:
  X11InputSource()
      : Device("x11-input-source", "Keyboard and mouse of an X desktop, which can be taken away") {
    x11::Connection::declare(*this);
    option({.name = "capture_xtest",
            .type = ValueType::boolean,
            .fallback = "false",
            .help =
                "what programs inject counts as typed (for tests: with an x11-input-sink on the "
                "same desktop it echoes)"});
    option({.name = "panic",
            .type = ValueType::list,
            .help = "keys that, held together, give the input back to this desktop (default: both "
                    "Ctrl, both Shift and Esc)"});
    keyboard_.on_upstream<Grab>([this](const Grab& grab) { on_grab(grab); });
    for (OutPort* port : {&keyboard_, &mouse_})
      port->on_upstream<LockState>([this](const LockState& state) {
        if (desk_ && desk_->grip.held()) set_locks(state);
      });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    DKVM_TRY(const bool with_xtest, context.config().flag("capture_xtest"));
    DKVM_TRY(panic_, x11::panic_chord(context.config()));
    DKVM_TRY(desk_, x11::SourceDesk::open(context.config(), *this, with_xtest));
    if (const auto name = x11::keycodes_name(*desk_->connection); !x11::are_evdev(name))
      log_warning("X display '" + desk_->connection->name() + "': its keycodes are '" + name +
                  "', expected evdev: keys may be taken for others");
    desk_->connection->carry(context, [this](XEvent& event) { on_event(event); });
    desk_->chords.carry(context, [this] { desk_->connection->catch_up(); });
    DKVM_CHECK(tell_monitors());
    if (const auto home = desk_->home_locks.take_left_behind(desk_->locks.read()))
      desk_->locks.set(*home);
    desk_->raw.ask(true);
    tick();
    return desk_->connection->check();
  }

  void let_go(Context&) override {
    if (desk_) give_back("the source ends", {});
  }

 private:
  struct Stay {  // of the input with others
    std::uint32_t epoch = 0;
    std::uint32_t lease_ms = 0;
    std::uint64_t give_up_ns = 0;  // while it is tried
  };

  // --- what fingers do ----------------------------------------------------------

  void on_key(std::uint16_t code, bool down) override {
    emit(keyboard_, key(code, down));
    if (down) desk_->chords.pressed(code, desk_->raw.time(), desk_->raw.held());
    if (down && held() && desk_->raw.held().holds_all(panic_)) give_back("the panic chord", {});
  }
  void on_button(std::uint16_t code, bool down) override { emit(mouse_, button(code, down)); }
  // Motion alone could fill what waits for a kernel that does not read: it goes nowhere.
  void on_motion(x11::Point by) override {
    if (!kernel_is_deaf(kDeafNs)) emit(mouse_, motion_by(by.x, by.y));
  }
  void on_scroll(const PointerScroll& scroll) override { emit(mouse_, scroll); }
  void on_placed(x11::Point at) override {
    if (!away_) tell_push(desk_->border.placed(at, now_ns()));
  }
  void on_barrier(::XID barrier, x11::Point at, bool hit) override {
    if (!away_)
      tell_push(hit ? desk_->border.hit(barrier, at, now_ns()) : desk_->border.left(barrier));
  }
  void on_doubt() override {
    doubt_ = true;
    context_->cancel_timer(tick_);
    tick_ = context_->after(0ns, [this] { tick(); });
  }

  void on_event(XEvent& event) {
    if (desk_->raw.takes(event)) return;
    if (desk_->locks.takes(event)) return;
    if (!desk_->monitors.takes(event)) return;
    if (auto told = tell_monitors(); !told) context_->finish(told.error());
  }

  // --- what others are told -----------------------------------------------------

  // It takes nothing, and has said nothing for so long.
  bool kernel_is_deaf(std::uint64_t silence_ns) const {
    return context_->backlogged() && now_ns() - context_->kernel_heard_ns() > silence_ns;
  }

  // Nobody at this desktop waits for a kernel that stands still: a process that is gone
  // holds no grab. An error ends the conversation with the kernel, which ends the device.
  template <class Event>
  void emit(OutPort& port, const Event& event) {
    if (kernel_is_deaf(kStandstillNs)) std::_Exit(EXIT_FAILURE);
    if (auto sent = port.emit(event); !sent && sent.error().code() != Errc::disconnected)
      context_->finish(sent.error());
  }

  void tick() {
    desk_->raw.ask(std::exchange(doubt_, false));
    const LockState locks = desk_->locks.read();
    InputState state;
    state.pressed = desk_->raw.held().pressed();
    state.caps_lock = locks.caps_lock;
    state.num_lock = locks.num_lock;
    state.scroll_lock = locks.scroll_lock;
    emit(keyboard_, state);
    tick_ = context_->after(kStatePeriod, [this] { tick(); });
  }

  Result<> tell_monitors() {
    DKVM_TRY(const Geometry geometry, desk_->monitors.read());
    desktop_ = x11::bounds_of(geometry);
    desk_->raw.set_desktop(desktop_);
    desk_->border.watch(edges_, desktop_);
    emit(keyboard_, geometry);
    return {};
  }

  void tell_push(const std::optional<x11::Border::Push>& push) {
    if (!push) return;
    EdgePush event;
    event.epoch = watched_epoch_;
    event.edge = static_cast<std::uint32_t>(push->edge);
    event.at = push->at;
    event.pushing = push->pushing;
    emit(keyboard_, event);
  }

  void answer(std::uint32_t epoch, bool granted, const std::string& reason) {
    Grabbed grabbed;
    grabbed.epoch = epoch;
    grabbed.granted = granted;
    grabbed.reason = reason;
    emit(keyboard_, grabbed);
  }

  // --- who has the input ----------------------------------------------------------

  bool held() const { return desk_->grip.held(); }

  void on_grab(const Grab& grab) {
    if (!desk_) return;
    switch (grab.action) {
      case wire::GrabAction::prepare: return prepare(grab);
      case wire::GrabAction::grab: return begin(grab);
      case wire::GrabAction::renew:
        if (stay_ && stay_->epoch == grab.epoch && held()) set_lease(grab.lease_ms);
        return;
      case wire::GrabAction::release:
        if (!stay_ || stay_->epoch != grab.epoch) return;
        desk_->connection->catch_up();  // what was done abroad is told before
        stay_.reset();
        give_back("", grab.warp ? std::optional(x11::Pixel{grab.x, grab.y}) : std::nullopt);
        return;
    }
  }

  void prepare(const Grab& grab) {
    std::vector<x11::ChordGrabs::Codes> chords;
    for (const auto& chord : grab.chords) chords.push_back(chord->codes);
    edges_.clear();
    for (const auto& edge : grab.edges) edges_.push_back({edge->side, edge->from, edge->to});
    watched_epoch_ = grab.epoch;
    desk_->border.watch(edges_, desktop_);
    const auto taken = desk_->chords.watch(std::move(chords));
    if (!taken) return context_->finish(taken.error());
    if (*taken != 0)
      log_warning(std::to_string(*taken) +
                  " hotkeys are taken by another program of this desktop, which gets them too");
    answer(grab.epoch, true,
           *taken == 0 ? "" : "another program gets " + std::to_string(*taken) + " hotkeys too");
  }

  void begin(const Grab& grab) {
    const bool had = held() && stay_;
    const auto give_up = std::chrono::nanoseconds(kGrabTimeMax).count();
    stay_ = Stay{grab.epoch, grab.lease_ms, now_ns() + static_cast<std::uint64_t>(give_up)};
    if (!had) return take();
    set_lease(grab.lease_ms);
    answer(grab.epoch, true, "");
  }

  // Until it holds, or the time for that is over.
  void take() {
    if (!stay_ || held()) return;
    desk_->chords.let_go();
    const auto taken = desk_->grip.take(
        [this](unsigned long request) { desk_->connection->hand_on_before(request); });
    if (!taken) return refused(taken.error());
    away_ = true;
    desk_->raw.set_confined(true);
    desk_->border.forget();
    answer(stay_->epoch, true, "");
    home_locks_ = desk_->locks.read();
    desk_->home_locks.keep(home_locks_, home_locks_);
    desk_->grip.lift_at_home(desk_->raw.held().pressed());
    set_lease(stay_->lease_ms);
  }

  void refused(const Error& error) {
    if (error.code() != Errc::denied) return context_->finish(error);
    if (now_ns() < stay_->give_up_ns) {
      context_->cancel_timer(again_);
      again_ = context_->after(kGrabAgain, [this] { take(); });
      return;
    }
    const std::uint32_t epoch = stay_->epoch;
    stay_.reset();
    answer(epoch, false, error.message());
  }

  // Those of where the input is.
  void set_locks(const LockState& state) {
    desk_->home_locks.keep(home_locks_, desk_->locks.shown(state));
    desk_->locks.set(state);
  }

  void set_lease(std::uint32_t lease_ms) {
    context_->cancel_timer(lease_);
    lease_ = context_->after(std::chrono::milliseconds(lease_ms),
                             [this] { give_back("the lease ran out", {}); });
  }

  // why: what the kernel is told; it knows of its own release.
  void give_back(const std::string& why, std::optional<x11::Pixel> to) {
    context_->cancel_timer(lease_);
    context_->cancel_timer(again_);
    const auto stay = std::exchange(stay_, std::nullopt);
    if (!held()) return;
    desk_->locks.set(home_locks_);
    desk_->home_locks.forget();
    desk_->grip.give_back(to);
    desk_->connection->catch_up();  // the last pushes of a pointer that was held
    away_ = false;
    desk_->raw.set_confined(false);
    desk_->border.forget();
    if (stay) answer(stay->epoch, false, why);
  }

  OutPort& keyboard_ = source<Key, InputState, Grabbed, Geometry, EdgePush>(
      {.name = "keyboard", .help = "keys as they are pressed", .live = true});
  OutPort& mouse_ = source<PointerMotion, PointerButton, PointerScroll>(
      {.name = "mouse", .help = "motion, buttons and wheel", .live = true});
  Context* context_ = nullptr;
  std::unique_ptr<x11::SourceDesk> desk_;
  std::vector<std::uint16_t> panic_;
  x11::Bounds desktop_;
  std::vector<x11::Border::Stretch> edges_;
  std::uint32_t watched_epoch_ = 0;
  std::optional<Stay> stay_;
  LockState home_locks_;  // as they were when the input went
  bool away_ = false;     // the input is, and so is what the pointer does at the border
  bool doubt_ = false;
  Context::Timer tick_ = 0;
  Context::Timer lease_ = 0;
  Context::Timer again_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<X11InputSource>(argc, argv); }
