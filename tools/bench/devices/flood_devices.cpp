// Devices that produce as much as the kernel lets them, and one that takes it.

#include "tools/bench/devices/roles.hpp"

#include <dkvm/time.hpp>

#include <array>

namespace dkvm::bench {
namespace {

constexpr const char* kTopic = "bench/flood";
constexpr int kEventsPerIdle = 256;
constexpr std::size_t kFloodBytes = 64;

class FloodSource final : public OrderedDevice {
 public:
  FloodSource(const std::string& control, const std::string& name)
      : OrderedDevice("bench-flood-source", "Floods", control, name),
        flood_(source({.name = "flood"}, {kTopic})) {}

 private:
  Result<> prepare(Context& context) override {
    flood_.on_resume([this, &context] {
      if (flooding_) go(context);
    });
    return {};
  }

  void obey(Context& context, const Order& order) override {
    outcome_ = {};
    end_ns_ = now_ns() + order.duration_ns;
    flooding_ = true;
    context.at(end_ns_, [this] {
      flooding_ = false;
      this->control().report(outcome_);
    });
    go(context);
  }

  void go(Context& context) {
    context.on_idle([this] {
      for (int i = 0; flooding_ && i < kEventsPerIdle; ++i)
        if (flood_.emit_custom(kTopic, bytes_)) ++outcome_.events;
      return flooding_ && !flood_.paused();
    });
  }

  OutPort& flood_;
  std::array<std::byte, kFloodBytes> bytes_{};
  Outcome outcome_;
  std::uint64_t end_ns_ = 0;
  bool flooding_ = false;
};

class FloodSink final : public OrderedDevice {
 public:
  FloodSink(const std::string& control, const std::string& name)
      : OrderedDevice("bench-flood-sink", "Takes what floods bring", control, name) {
    sink({.name = "flood"}, {kTopic}).on_any([this](const Frame&) { ++outcome_.events; });
  }

 private:
  void obey(Context&, const Order&) override { control().report(outcome_); }

  Outcome outcome_;
};

}  // namespace

std::unique_ptr<Device> make_flood_source(const std::string& control, const std::string& name) {
  return std::make_unique<FloodSource>(control, name);
}

std::unique_ptr<Device> make_flood_sink(const std::string& control, const std::string& name) {
  return std::make_unique<FloodSink>(control, name);
}

}  // namespace dkvm::bench
