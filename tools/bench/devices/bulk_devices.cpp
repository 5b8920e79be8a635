// A source of frames that go as fast as they are taken, and the sink that takes them.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/frame_stream.hpp"
#include "tools/bench/harness/pacer.hpp"
#include "tools/bench/harness/progress.hpp"

#include <dkvm/time.hpp>

namespace dkvm::bench {
namespace {

constexpr unsigned kSlots = 4;
constexpr std::uint64_t kAhead = 2;  // one on its way, one that waits: none is superseded
constexpr std::uint64_t kLostAfterNs = 1'000'000'000;
constexpr double kLookHz = 2000;  // at what has been taken

// What a source and a sink share: `bulk-source-3` and `bulk-sink-3` of one bench.
std::string progress_path(const std::string& control, const std::string& name) {
  return control + ".progress" + name.substr(name.rfind('-'));
}

class BulkSource final : public OrderedDevice {
 public:
  explicit BulkSource(const std::string& control)
      : OrderedDevice("bench-bulk-source", "Frames as fast as they are taken", control),
        path_(control),
        frames_(source<DisplayFrame>({.name = "frames"})) {}

 private:
  Result<> prepare(Context& context) override {
    DKVM_TRY(taken_, Progress::open(progress_path(path_, std::string(context.name()))));
    frames_.on_slots([this] {
      if (std::exchange(opening_, false)) begin();
    });
    return context.watch(pacer_.fd(), [this] { tick(); });
  }

  void obey(Context& context, const Order& order) override {
    order_ = order;
    if (order.bytes == pool_bytes_) return begin();
    pool_bytes_ = order.bytes;
    opening_ = true;
    const auto asked = frames_.open_pool({.slot_bytes = order.bytes, .slots = kSlots});
    if (!asked) context.finish(asked.error());
  }

  void begin() {
    outcome_ = {};
    outcome_.first_ns = now_ns();
    number_ = 0;
    seen_ = 0;
    seen_ns_ = outcome_.first_ns;
    pacer_.start(kLookHz);
  }

  // One at a time: of two in one batch the kernel would keep the newer. When nothing
  // is taken for long, frames were lost, which the sink counts.
  void tick() {
    if (pacer_.due() == 0) return;
    const std::uint64_t now = now_ns();
    if (const std::uint64_t taken = taken_->get(); taken != seen_) {
      seen_ = taken;
      seen_ns_ = now;
    }
    if (number_ >= seen_ + kAhead) {
      if (now < seen_ns_ + kLostAfterNs) return;
      seen_ns_ = now;
    }
    const FrameMark mark{number_ + 1, now >= outcome_.first_ns + order_.duration_ns};
    if (!show(mark)) return;
    ++number_;
    if (!mark.last) return;
    pacer_.stop();
    outcome_.last_ns = now_ns();
    control().report(outcome_);
  }

  bool show(FrameMark mark) {
    auto slot = frames_.borrow();
    if (!slot) {
      ++outcome_.exhausted;
      return false;
    }
    const auto bytes = slot->bytes();
    paint(bytes, mark.number);
    if (!frames_.publish(std::move(*slot), bytes.size(), frame_of(mark))) return false;
    ++outcome_.events;
    return true;
  }

  std::string path_;
  std::optional<Progress> taken_;
  OutPort& frames_;
  Pacer pacer_;
  Order order_;
  Outcome outcome_;
  std::uint64_t number_ = 0;
  std::uint64_t seen_ = 0;  // as taken, since seen_ns_
  std::uint64_t seen_ns_ = 0;
  std::uint64_t pool_bytes_ = 0;
  bool opening_ = false;
};

class BulkSink final : public OrderedDevice {
 public:
  explicit BulkSink(const std::string& control)
      : OrderedDevice("bench-bulk-sink", "Reads every byte of frames", control), path_(control) {
    sink<DisplayFrame>({.name = "frames"})
        .on<DisplayFrame>([this](const DisplayFrame& frame, const EventInfo& info) {
          const FrameMark mark = mark_of(frame);
          const bool last = collector_.take(mark, info.capture_ns(), info.bytes(), true);
          taken_->set(mark.number);
          if (last) collector_.report(this->control());
        });
  }

 private:
  Result<> prepare(Context& context) override {
    DKVM_TRY(taken_, Progress::open(progress_path(path_, std::string(context.name()))));
    return {};
  }

  void obey(Context&, const Order& order) override {
    collector_.begin(order);
    taken_->set(0);
    control().report({});
  }

  std::string path_;
  std::optional<Progress> taken_;
  FrameCollector collector_;
};

}  // namespace

std::unique_ptr<Device> make_bulk_source(const std::string& control) {
  return std::make_unique<BulkSource>(control);
}

std::unique_ptr<Device> make_bulk_sink(const std::string& control) {
  return std::make_unique<BulkSink>(control);
}

}  // namespace dkvm::bench
