// A source and a sink of Key events.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/key_stream.hpp"
#include "tools/bench/harness/pacer.hpp"

namespace dkvm::bench {
namespace {

constexpr int kEventsPerIdle = 1024;  // several of the SDK's batches

class KeySourceDevice final : public OrderedDevice {
 public:
  explicit KeySourceDevice(const std::string& control)
      : OrderedDevice("bench-key-source", "Sends keys as the bench commands", control),
        keys_(source<Key>({.name = "keys"})) {}

 private:
  Result<> prepare(Context& context) override {
    keys_.on_resume([this, &context] {
      if (flat_out_) go_flat_out(context);
    });
    return context.watch(pacer_.fd(), [this] { tick(); });
  }

  void obey(Context& context, const Order& order) override {
    outcome_ = {};
    outcome_.first_ns = now_ns();
    end_ns_ = outcome_.first_ns + order.duration_ns;
    flat_out_ = order.rate_hz <= 0;
    if (flat_out_)
      go_flat_out(context);
    else
      pacer_.start(order.rate_hz);
  }

  void tick() {
    for (std::uint64_t due = pacer_.due(); due != 0; --due) put(steps_.next());
    if (!steps_.at_rest() || now_ns() < end_ns_) return;
    pacer_.stop();
    end();
  }

  void go_flat_out(Context& context) {
    context.on_idle([this] {
      for (int i = 0; i < kEventsPerIdle; ++i) put(steps_.next());
      if (now_ns() < end_ns_) return !keys_.paused();  // on_resume goes on
      flat_out_ = false;
      end();
      return false;
    });
  }

  void end() {
    outcome_.last_ns = now_ns();
    put({kEndCode, true});
    put({kEndCode, false});
    outcome_.events -= 2;
    control().report(outcome_);
  }

  // An event that cannot be sent is missing at the sink, where it is noticed.
  void put(KeyStep step) {
    event_.code = step.code;
    event_.down = step.down;
    if (keys_.emit(event_)) ++outcome_.events;
  }

  OutPort& keys_;
  Pacer pacer_;
  KeySteps steps_;
  Key event_;
  Outcome outcome_;
  std::uint64_t end_ns_ = 0;
  bool flat_out_ = false;
};

class KeySinkDevice final : public OrderedDevice {
 public:
  explicit KeySinkDevice(const std::string& control)
      : OrderedDevice("bench-key-sink", "Measures how long keys took", control) {
    sink<Key>({.name = "keys"}).on<Key>([this](const Key& event, const EventInfo& info) {
      if (collector_.take({event.code, event.down}, info.capture_ns()))
        collector_.report(this->control());
    });
  }

 private:
  void obey(Context&, const Order& order) override {
    if (order.kind == Order::Kind::tally) return control().report(collector_.outcome());
    collector_.begin(order.measure != 0);
    control().report({});
  }

  KeyCollector collector_;
};

}  // namespace

std::unique_ptr<Device> make_key_source(const std::string& control) {
  return std::make_unique<KeySourceDevice>(control);
}

std::unique_ptr<Device> make_key_sink(const std::string& control) {
  return std::make_unique<KeySinkDevice>(control);
}

}  // namespace dkvm::bench
