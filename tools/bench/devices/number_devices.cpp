// A source and a sink of numbers, as the ways of a wheel, which no policy may drop or sum
// up: what is missing, or there twice, shows at the sink at any moment.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/pacer.hpp"

namespace dkvm::bench {
namespace {

class NumberSource final : public OrderedDevice {
 public:
  explicit NumberSource(const std::string& control)
      : OrderedDevice("bench-number-source", "Counts as the bench commands", control),
        numbers_(source<PointerScroll>({.name = "numbers"})) {}

 private:
  Result<> prepare(Context& context) override {
    return context.watch(pacer_.fd(), [this] {
      for (std::uint64_t due = pacer_.due(); due != 0; --due) put();
    });
  }

  // From `produce` on, until it has to say how far it has come.
  void obey(Context&, const Order& order) override {
    if (order.kind == Order::Kind::produce) return pacer_.start(order.rate_hz);
    pacer_.stop();
    Outcome outcome;
    outcome.events = static_cast<std::uint64_t>(last_);
    control().report(outcome);
  }

  void put() {
    if (numbers_.emit(scroll(0, last_ + 1))) ++last_;
  }

  OutPort& numbers_;
  Pacer pacer_;
  std::int32_t last_ = 0;
};

class NumberSink final : public OrderedDevice {
 public:
  explicit NumberSink(const std::string& control)
      : OrderedDevice("bench-number-sink", "Finds what is missing", control) {
    sink<PointerScroll>({.name = "numbers"})
        .on<PointerScroll>([this](const PointerScroll& event, const EventInfo&) {
          if (event.y != last_ + 1) ++outcome_.disorders;
          last_ = event.y;
          outcome_.events = static_cast<std::uint64_t>(last_);
        });
  }

 private:
  void obey(Context&, const Order&) override { control().report(outcome_); }

  Outcome outcome_;
  std::int32_t last_ = 0;
};

}  // namespace

std::unique_ptr<Device> make_number_source(const std::string& control) {
  return std::make_unique<NumberSource>(control);
}

std::unique_ptr<Device> make_number_sink(const std::string& control) {
  return std::make_unique<NumberSink>(control);
}

}  // namespace dkvm::bench
