// Devices that are killed in the middle of whatever they do with buffers, and
// one that looks at the kernel's account each time.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/processor_wait.hpp"

#include <dkvm/time.hpp>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

namespace dkvm::bench {
namespace {

using std::chrono::microseconds;

constexpr microseconds kFrameTime{700};
constexpr std::size_t kSlotBytes = 4096;
constexpr unsigned kSlots = 3;
constexpr int kDropEvery = 7;         // frames: a slot is borrowed and not published
constexpr int kLargerPoolEvery = 97;  // frames: the pool is replaced by another
constexpr std::size_t kLargerPoolsMax = 8;
constexpr std::size_t kKeptMax = 2;  // leases that a sink holds beyond their event

// Frames as small as can be, from the start until told to stop.
class ChurnSource final : public OrderedDevice {
 public:
  explicit ChurnSource(const std::string& control)
      : OrderedDevice("bench-churn-source", "Publishes until it is killed", control),
        frames_(source<DisplayFrame>({.name = "frames"})) {}

 private:
  Result<> prepare(Context& context) override {
    tick(context);
    return frames_.open_pool({.slot_bytes = kSlotBytes, .slots = kSlots});
  }

  void obey(Context&, const Order&) override {
    stopped_ = true;
    control().report({});
  }

  void tick(Context& context) {
    if (stopped_) return;
    context.after(kFrameTime, [this, &context] { tick(context); });
    ++frame_;
    if (frame_ % kLargerPoolEvery == 0) {
      const std::size_t pages = 1 + frame_ / kLargerPoolEvery % kLargerPoolsMax;
      if (!frames_.open_pool({.slot_bytes = kSlotBytes * pages, .slots = kSlots})) return;
    }
    auto slot = frames_.borrow();
    if (!slot || frame_ % kDropEvery == 0) return;
    const auto bytes = slot->bytes();
    bytes[0] = std::byte{1};
    [[maybe_unused]] const auto sent =
        frames_.publish(std::move(*slot), bytes.size(), DisplayFrame());
  }

  OutPort& frames_;
  std::size_t frame_ = 0;
  bool stopped_ = false;
};

// Holds some of what comes, for a while.
class ChurnSink final : public OrderedDevice {
 public:
  explicit ChurnSink(const std::string& control)
      : OrderedDevice("bench-churn-sink", "Holds buffers until it is killed", control) {
    sink<DisplayFrame>({.name = "frames"})
        .on<DisplayFrame>([this](const DisplayFrame&, const EventInfo& info) {
          if (!stopped_ && ++frame_ % 3 == 0) kept_[frame_ % kKeptMax] = info.keep();
        });
  }

 private:
  void obey(Context&, const Order&) override {
    stopped_ = true;
    kept_ = {};
    control().report({});
  }

  std::array<Lease, kKeptMax> kept_;
  std::size_t frame_ = 0;
  bool stopped_ = false;
};

// Asks for memory.stats whenever a device was reaped: nothing of it may be in
// the account any more. Reports how long after the reaping the answer was there.
class Auditor final : public OrderedDevice {
 public:
  explicit Auditor(const std::string& control)
      : OrderedDevice("bench-auditor", "Looks at the account of memory", control) {
    sink<DeviceState>({.name = "states"})
        .on<DeviceState>([this](const DeviceState& state, const EventInfo& info) {
          if (state.state == "backoff") look(state.device, info.capture_ns());
          own_waited_ns_ = own_.total_ns();
        });
  }

 private:
  // Later than that its successor may have buffers of its own.
  static constexpr std::uint64_t kLookTimeMaxNs = 15'000'000;

  Result<> prepare(Context& context) override {
    context_ = &context;
    return {};
  }

  void obey(Context& context, const Order&) override {
    const auto sent =
        context.call("kernel", "memory.stats", "{}", [this](const dkvm::Answer& answer) {
          if (answer) count(*answer);
          control().report(outcome_, latencies_);
          outcome_ = {};
          latencies_.clear();
        });
    if (!sent) context.finish(sent.error());
  }

  // What this process and the kernel waited for a processor is taken off.
  void look(const std::string& device, std::uint64_t reaped_ns) {
    const std::uint64_t waited_ns = own_waited_ns_ + kernel_.total_ns();
    const auto sent =
        context_->call("kernel", "memory.stats", "{}", [=, this](const dkvm::Answer& answer) {
          const std::uint64_t whole_ns = now_ns() - reaped_ns;
          const std::uint64_t machine_ns = own_.total_ns() + kernel_.total_ns() - waited_ns;
          own_waited_ns_ = own_.total_ns();
          if (!answer || whole_ns > kLookTimeMaxNs) return;
          const std::uint64_t after_ns = whole_ns - std::min(whole_ns, machine_ns);
          ++outcome_.events;
          if (mentions(*answer, device)) ++outcome_.disorders;
          if (latencies_.size() < kSamplesMax)
            latencies_.push_back(static_cast<std::uint32_t>(after_ns));
        });
    if (!sent) context_->finish(sent.error());
  }

  // True when a device that is dead still has something: a pool that it could
  // write to, or a buffer that it could read.
  static bool mentions(const std::string& stats, const std::string& device) {
    const auto json = nlohmann::json::parse(stats, nullptr, false);
    if (json.is_discarded()) return true;
    static const std::set<std::string> gone = {"draining", "closing"};
    for (const auto& pool : json["pools"]) {
      if (pool["device"] == device && (!gone.contains(pool["state"]) || pool["writing"] != 0))
        return true;
      for (const auto& consumer : pool["consumers"])
        if (consumer["device"] == device && (consumer["leased"] != 0 || consumer["queued"] != 0))
          return true;
    }
    return false;
  }

  void count(const std::string& stats) {
    const auto json = nlohmann::json::parse(stats, nullptr, false);
    if (json.is_discarded()) return;
    outcome_.pools = json["pool_count"];
    for (const auto& pool : json["pools"])
      for (const auto& consumer : pool["consumers"])
        outcome_.leases +=
            consumer["leased"].get<std::uint64_t>() + consumer["queued"].get<std::uint64_t>();
  }

  Context* context_ = nullptr;
  ProcessorWait own_{::getpid()};
  ProcessorWait kernel_{::getppid()};
  std::uint64_t own_waited_ns_ = 0;  // until it last fell asleep
  Outcome outcome_;
  std::vector<std::uint32_t> latencies_;
};

}  // namespace

std::unique_ptr<Device> make_churn_source(const std::string& control) {
  return std::make_unique<ChurnSource>(control);
}

std::unique_ptr<Device> make_churn_sink(const std::string& control) {
  return std::make_unique<ChurnSink>(control);
}

std::unique_ptr<Device> make_auditor(const std::string& control) {
  return std::make_unique<Auditor>(control);
}

}  // namespace dkvm::bench
