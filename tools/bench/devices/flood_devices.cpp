// Devices that produce as much as the kernel lets them, and one that takes it.

#include "tools/bench/devices/roles.hpp"

#include <dkvm/time.hpp>

#include <array>

namespace dkvm::bench {
namespace {

constexpr const char* kBulkTopic = "bench/flood";
constexpr const char* kMotionTopic = "pointer_motion";
constexpr int kEventsPerIdle = 256;
constexpr std::size_t kBulkBytes = 64;

class FloodSource final : public OrderedDevice {
 public:
  using Emit = std::function<Result<>(OutPort&)>;

  FloodSource(const std::string& control, std::string type, const char* topic, Emit emit)
      : OrderedDevice(std::move(type), "Floods", control),
        flood_(source({.name = "flood"}, {topic})),
        emit_(std::move(emit)) {}

 private:
  Result<> prepare(Context& context) override {
    flood_.on_resume([this, &context] {
      if (flooding_) go(context);
    });
    return {};
  }

  void obey(Context& context, const Order& order) override {
    outcome_ = {};
    flooding_ = true;
    context.at(now_ns() + order.duration_ns, [this] {
      flooding_ = false;
      control().report(outcome_);
    });
    go(context);
  }

  void go(Context& context) {
    context.on_idle([this] {
      for (int i = 0; flooding_ && i < kEventsPerIdle; ++i)
        if (emit_(flood_)) ++outcome_.events;
      return flooding_ && !flood_.paused();  // on_resume goes on
    });
  }

  OutPort& flood_;
  Emit emit_;
  Outcome outcome_;
  bool flooding_ = false;
};

class FloodSink final : public OrderedDevice {
 public:
  explicit FloodSink(const std::string& control)
      : OrderedDevice("bench-flood-sink", "Takes what floods bring", control) {
    sink({.name = "flood"}, {kBulkTopic, kMotionTopic}).on_any([this](const Frame&) {
      ++outcome_.events;
    });
  }

 private:
  void obey(Context&, const Order&) override { control().report(outcome_); }

  Outcome outcome_;
};

}  // namespace

std::unique_ptr<Device> make_flood_source(const std::string& control) {
  return std::make_unique<FloodSource>(
      control, "bench-flood-source", kBulkTopic,
      [bytes = std::array<std::byte, kBulkBytes>{}](OutPort& port) {
        return port.emit_custom(kBulkTopic, bytes);
      });
}

std::unique_ptr<Device> make_flood_mouse(const std::string& control) {
  return std::make_unique<FloodSource>(control, "bench-flood-mouse", kMotionTopic,
                                       [](OutPort& port) { return port.emit(motion_by(1, 1)); });
}

std::unique_ptr<Device> make_flood_sink(const std::string& control) {
  return std::make_unique<FloodSink>(control);
}

}  // namespace dkvm::bench
