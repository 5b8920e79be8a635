// A fast mouse, and a sink of it that can fall asleep.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/mouse_stream.hpp"
#include "tools/bench/harness/pacer.hpp"

#include <dkvm/time.hpp>

namespace dkvm::bench {
namespace {

class MouseSourceDevice final : public OrderedDevice {
 public:
  explicit MouseSourceDevice(const std::string& control)
      : OrderedDevice("bench-mouse-source", "Moves as the bench commands", control),
        mouse_(source<PointerMotion, PointerButton>({.name = "mouse", .live = true})) {}

 private:
  Result<> prepare(Context& context) override {
    return context.watch(pacer_.fd(), [this] { tick(); });
  }

  void obey(Context&, const Order& order) override {
    outcome_ = {};
    end_ns_ = now_ns() + order.duration_ns;
    pacer_.start(order.rate_hz);
  }

  void tick() {
    for (std::uint64_t due = pacer_.due(); due != 0; --due) {
      const MouseStep step = steps_.next();
      const bool sent = step.is_button ? mouse_.emit(button(kMouseCode, step.down)).has_value()
                                       : mouse_.emit(motion_by(kTravel, 0)).has_value();
      if (sent) count(step, outcome_);
    }
    if (now_ns() < end_ns_) return;
    pacer_.stop();
    control().report(outcome_);
  }

  OutPort& mouse_;
  Pacer pacer_;
  MouseSteps steps_;
  Outcome outcome_;
  std::uint64_t end_ns_ = 0;
};

class MouseSinkDevice final : public OrderedDevice {
 public:
  explicit MouseSinkDevice(const std::string& control)
      : OrderedDevice("bench-mouse-sink", "Counts, and stalls when told to", control) {
    sink<PointerMotion, PointerButton>({.name = "mouse"})
        .on<PointerMotion>([this](const PointerMotion& event, const EventInfo&) {
          outcome_.travel += event.x;
          ++outcome_.events;
        })
        .on<PointerButton>([this](const PointerButton& event, const EventInfo&) {
          if (event.down == last_down_) ++outcome_.disorders;
          last_down_ = event.down;
          ++outcome_.buttons;
        });
  }

 private:
  void obey(Context& context, const Order& order) override {
    if (order.kind != Order::Kind::stall) return control().report(outcome_);
    outcome_ = {};
    // The whole device sleeps: nothing is read from the kernel meanwhile.
    if (const auto next = control().next()) return obey(context, *next);
    context.finish();
  }

  Outcome outcome_;
  bool last_down_ = false;
};

}  // namespace

std::unique_ptr<Device> make_mouse_source(const std::string& control) {
  return std::make_unique<MouseSourceDevice>(control);
}

std::unique_ptr<Device> make_mouse_sink(const std::string& control) {
  return std::make_unique<MouseSinkDevice>(control);
}

}  // namespace dkvm::bench
