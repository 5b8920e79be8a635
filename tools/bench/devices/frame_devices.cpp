// A source of frames and a sink of them: with buffers, or as plain events.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/frame_stream.hpp"
#include "tools/bench/harness/pacer.hpp"

#include <dkvm/detail/mapping_linux.hpp>
#include <dkvm/time.hpp>

#include <fcntl.h>

#include <array>

namespace dkvm::bench {
namespace {

constexpr unsigned kSlots = 3;  // also of the memory that plain events write

class FrameSource final : public OrderedDevice {
 public:
  explicit FrameSource(const std::string& control)
      : OrderedDevice("bench-frame-source", "Frames as the bench commands", control),
        frames_(source<DisplayFrame>({.name = "frames"})) {}

 private:
  Result<> prepare(Context& context) override {
    frames_.on_slots([this] {
      if (std::exchange(opening_, false)) pacer_.start(order_.rate_hz);
    });
    return context.watch(pacer_.fd(), [this] { tick(); });
  }

  void obey(Context& context, const Order& order) override {
    order_ = order;
    outcome_ = {};
    number_ = 0;
    const bool plain = order.kind == Order::Kind::emit;
    for (auto& each : own_) each.resize(plain ? order.bytes : order.beside);
    if (plain) return pacer_.start(order.rate_hz);
    if (order.bytes == pool_bytes_) return pacer_.start(order.rate_hz);
    pool_bytes_ = order.bytes;
    opening_ = true;
    const auto asked = frames_.open_pool({.slot_bytes = order.bytes, .slots = kSlots});
    if (!asked) context.finish(asked.error());
  }

  void tick() {
    const std::uint64_t due = pacer_.due();
    if (due == 0) return;
    outcome_.late += due - 1;
    const FrameMark mark{number_ + 1, number_ + 1 == order_.count};
    if (!show(mark)) {
      ++outcome_.exhausted;
      if (mark.last) return;  // it is owed
    }
    ++number_;
    if (!mark.last) return;
    pacer_.stop();
    control().report(outcome_);
  }

  bool show(FrameMark mark) {
    paint(own_[number_ % kSlots], mark.number);
    if (order_.kind == Order::Kind::emit) {
      if (!frames_.emit(frame_of(mark))) return false;
    } else {
      auto slot = frames_.borrow();
      if (!slot) return false;
      const auto bytes = slot->bytes();
      outcome_.address = reinterpret_cast<std::uintptr_t>(bytes.data());
      paint(bytes, mark.number);
      if (!frames_.publish(std::move(*slot), bytes.size(), frame_of(mark))) return false;
    }
    ++outcome_.events;
    return true;
  }

  OutPort& frames_;
  Pacer pacer_;
  Order order_;
  Outcome outcome_;
  std::array<std::vector<std::byte>, kSlots> own_;
  std::uint64_t number_ = 0;
  std::uint64_t pool_bytes_ = 0;
  bool opening_ = false;
};

class FrameSink final : public OrderedDevice {
 public:
  explicit FrameSink(const std::string& control)
      : OrderedDevice("bench-frame-sink", "Measures how long frames took", control),
        path_(common_memory_path(control)) {
    sink<DisplayFrame>({.name = "frames"})
        .on<DisplayFrame>([this](const DisplayFrame& frame, const EventInfo& info) {
          const bool plain = info.buffer_count() == 0;
          const Bytes bytes = plain ? Bytes(common_.bytes()).first(bytes_) : info.bytes();
          if (collector_.take(mark_of(frame), info.capture_ns(), bytes, !plain))
            collector_.report(this->control());
          if (beside_ != 0) collector_.look(Bytes(common_.bytes()).first(beside_));
        });
  }

 private:
  Result<> prepare(Context&) override {
    const detail::Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    DKVM_TRY(common_, detail::Mapping::of(file, kLargestFrameBytes, detail::Access::read));
    return {};
  }

  void obey(Context&, const Order& order) override {
    bytes_ = order.bytes;
    beside_ = order.beside;
    collector_.begin(order);
    control().report({});
  }

  std::string path_;
  detail::Mapping common_;
  std::size_t bytes_ = 0;
  std::size_t beside_ = 0;
  FrameCollector collector_;
};

}  // namespace

std::unique_ptr<Device> make_frame_source(const std::string& control) {
  return std::make_unique<FrameSource>(control);
}

std::unique_ptr<Device> make_frame_sink(const std::string& control) {
  return std::make_unique<FrameSink>(control);
}

}  // namespace dkvm::bench
