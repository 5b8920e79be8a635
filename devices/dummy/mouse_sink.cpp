#include "devices/dummy/recorder.hpp"

#include <dkvm/device_main.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

namespace {

using namespace dkvm;

// With `delay` it is a slow consumer that stays responsive: it takes an event a
// delay and lets the kernel keep the rest, so that the edge's policy is seen at
// work.
class DummyMouseSink final : public MouseSink {
 public:
  DummyMouseSink() : MouseSink("dummy-mouse-sink", "Writes motion, buttons and wheel into a file") {
    recorder_.declare(*this);
    option({.name = "delay",
            .type = ValueType::duration,
            .fallback = "0ms",
            .help = "time that each event takes, to play a slow consumer"});
    mouse.on_batch([this] { return recorder_.flush(); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    DKVM_TRY(delay_, context.config().duration("delay"));
    if (slow()) mouse.apply_by_hand();
    return recorder_.start(context);
  }

  void let_go(Context&) override {
    while (!waiting_.empty()) apply_first();
    recorder_.let_go();
  }

 private:
  // Events that this sink itself keeps waiting: the kernel is asked to hold back
  // at the first bound and to go on at none; past the second one the oldest is
  // applied without its delay.
  static constexpr std::size_t kWaitingPause = 8;
  static constexpr std::size_t kWaitingMax = 1024;

  struct Waiting {
    decltype(dummy::Record::event) event;
    std::uint64_t capture_ns;
    std::uint64_t sequence;
  };

  void on_motion(const PointerMotion& event, const EventInfo& info) override { take(event, info); }
  void on_button(const PointerButton& event, const EventInfo& info) override { take(event, info); }
  void on_scroll(const PointerScroll& event, const EventInfo& info) override { take(event, info); }

  bool slow() const { return delay_.count() > 0; }

  template <class Event>
  void take(const Event& event, const EventInfo& info) {
    if (!slow()) return recorder_.record(event, info.capture_ns());
    waiting_.push_back({event, info.capture_ns(), info.sequence()});
    if (waiting_.size() == 1) apply_later();
    if (waiting_.size() == kWaitingPause) hold_back(true);
    if (waiting_.size() > kWaitingMax) apply_first();
  }

  void apply_later() {
    context_->after(delay_, [this] {
      if (!waiting_.empty()) apply_first();
      if (!waiting_.empty()) apply_later();
    });
  }

  void apply_first() {
    const Waiting first = std::exchange(waiting_.front(), {});
    waiting_.pop_front();
    std::visit([&](const auto& event) { recorder_.record(event, first.capture_ns); }, first.event);
    if (const auto flushed = recorder_.flush(); !flushed) return context_->finish(flushed.error());
    if (waiting_.empty()) hold_back(false);
    // A stream that takes no report is closing, and says so at its next use.
    [[maybe_unused]] const auto reported = mouse.applied(first.sequence);
  }

  void hold_back(bool wanted) {
    if (wanted == std::exchange(holds_back_, wanted)) return;
    [[maybe_unused]] const auto sent = wanted ? mouse.pause() : mouse.resume();
  }

  Context* context_ = nullptr;
  std::chrono::nanoseconds delay_{0};
  std::deque<Waiting> waiting_;
  bool holds_back_ = false;
  dummy::Recorder recorder_{dummy::Family::mouse};
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyMouseSink>(argc, argv); }
