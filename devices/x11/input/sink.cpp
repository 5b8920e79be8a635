#include "devices/x11/connection.hpp"
#include "devices/x11/input/hands.hpp"
#include "devices/x11/input/locks.hpp"
#include "devices/x11/input/pulse.hpp"
#include "devices/x11/monitors.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/log.hpp>

#include <cstdlib>
#include <memory>
#include <optional>

namespace {

using namespace dkvm;

// Plays input on an X server.
class X11InputSink final : public Device {
 public:
  X11InputSink() : Device("x11-input-sink", "Presses keys and moves the pointer of an X server") {
    x11::Connection::declare(*this);
    input_.on<Key>([this](const Key& event, const EventInfo&) {
      if (!on_->hands.key(event.code, event.down)) cannot();
    });
    input_.on<PointerButton>([this](const PointerButton& event, const EventInfo&) {
      if (!on_->hands.button(event.code, event.down)) cannot();
    });
    input_.on<PointerMotion>([this](const PointerMotion& event, const EventInfo&) {
      on_->hands.move(event, on_->bounds);
    });
    input_.on<PointerScroll>(
        [this](const PointerScroll& event, const EventInfo&) { on_->hands.turn(event); });
    input_.on_batch([this] { return played(); });
    on_cleanup([this](std::span<const std::uint16_t> codes) -> Result<> {
      const ConfigReader config(manifest().keys);
      DKVM_TRY(const auto connection, x11::Connection::open(config));
      return x11::Hands::release(*connection, codes);
    });
  }

  Result<> start(Context& context) override {
    DKVM_TRY(auto connection, x11::Connection::open(context.config()));
    DKVM_TRY(auto hands, x11::Hands::open(*connection));
    DKVM_TRY(auto locks, x11::Locks::open(*connection));
    DKVM_TRY(auto pulse, x11::Pulse::open(*connection));
    DKVM_TRY(auto monitors, x11::Monitors::open(*connection));
    on_ = std::make_unique<Desk>(Desk{std::move(connection),
                                      std::move(hands),
                                      std::move(locks),
                                      std::move(pulse),
                                      std::move(monitors),
                                      {},
                                      {}});
    context_ = &context;
    DKVM_CHECK(tell_monitors());
    DKVM_CHECK(tell_locks());
    on_->connection->carry(context, [this, &context](XEvent& event) {
      Result<> told;
      if (on_->pulse.takes(event)) return;
      if (on_->locks.takes(event)) told = tell_locks();
      if (on_->monitors.takes(event)) told = tell_monitors();
      if (!told) context.finish(told.error());
    });
    return {};
  }

  void let_go(Context&) override {
    if (!on_) return;
    on_->hands.release_all();
    // A server that is gone holds nothing down.
    [[maybe_unused]] const auto flushed = flush();
  }

 private:
  struct Desk {
    std::unique_ptr<x11::Connection> connection;
    x11::Hands hands;
    x11::Locks locks;
    x11::Pulse pulse;
    x11::Monitors monitors;
    x11::Bounds bounds;
    std::optional<LockState> told;  // what upstream knows
  };

  Result<> played() {
    on_->pulse.sent(*context_, [this] { stands_still(); });
    return flush();
  }

  // Whoever types here types into the void. The end of this process says so at once, where
  // ending the connection in good order would wait for the server.
  [[noreturn]] void stands_still() {
    log_error("X display '" + on_->connection->name() +
              "': the X server stands still, it has taken nothing for " +
              std::to_string(x11::Pulse::kSilenceMax.count()) + " ms");
    std::_Exit(EXIT_FAILURE);
  }

  Result<> flush() {
    ::XFlush(on_->connection->get());
    return on_->connection->check();
  }

  Result<> tell_monitors() {
    DKVM_TRY(const Geometry geometry, on_->monitors.read());
    on_->bounds = x11::bounds_of(geometry);
    return input_.send_upstream(geometry);
  }

  Result<> tell_locks() {
    const LockState now = on_->locks.read();
    DKVM_CHECK(on_->connection->check());
    if (on_->told && x11::same(*on_->told, now)) return {};
    on_->told = now;
    return input_.send_upstream(now);
  }

  // Said once: the codes are nobody's business but the sender's.
  void cannot() {
    if (++unknown_ == 1)
      log_warning(
          "a key or button came that X servers have no code for: it and others like it are left "
          "out");
  }

  InPort& input_ = sink<Key, PointerMotion, PointerButton, PointerScroll>(
      {.name = "input", .help = "keys, motion, buttons and wheel to play", .injects = true});
  Context* context_ = nullptr;
  std::unique_ptr<Desk> on_;
  std::uint64_t unknown_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<X11InputSink>(argc, argv); }
