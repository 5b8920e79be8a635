// A source that opens pools and closes them, in turns with memory of its own,
// and one that times calls to the kernel meanwhile.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/pacer.hpp"
#include "tools/bench/harness/processor_wait.hpp"

#include <dkvm/detail/fd.hpp>
#include <dkvm/detail/mapping_linux.hpp>
#include <dkvm/time.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSettleTime{60};  // whoever frees 256 MiB is done by then

// What is the least that a pool takes: a memfd of fixed size, mapped, with all
// of its pages, sealed.
Result<detail::Mapping> open_bare(std::size_t bytes) {
  const detail::Fd memory(::memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)
    return fail(Errc::exhausted, "making a memfd of the bench's own");
  DKVM_TRY(auto mapping, detail::Mapping::of(memory, bytes, detail::Access::write));
  DKVM_CHECK(mapping.prefault(memory));
  ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
  return mapping;
}

// Reports two latencies a turn: open_pool() to the first slot, and the bare one.
class PoolOpener final : public OrderedDevice {
 public:
  explicit PoolOpener(const std::string& control)
      : OrderedDevice("bench-pool-opener", "Opens and closes pools", control) {
    open_ports_at_run_time(true);
  }

 private:
  void obey(Context& context, const Order& order) override {
    order_ = order;
    latencies_.clear();
    next(context);
  }

  void next(Context& context) {
    if (latencies_.size() >= 2 * order_.count) return control().report({}, latencies_);
    PortManifest manifest;
    manifest.id = next_port_++;
    manifest.name = "pool-" + std::to_string(manifest.id);
    manifest.topics = {"display_frame"};
    auto port = context.open_source(std::move(manifest));
    if (!port) return context.finish(port.error());
    port_ = *port;
    // The kernel knows of the port before the clock runs.
    context.after(kSettleTime, [this, &context] { open(context); });
  }

  void open(Context& context) {
    port_->on_slots([this, &context] {
      latencies_.push_back(since_start());
      context.after(milliseconds(0), [this, &context] { close(context); });
    });
    start_ns_ = now_ns();
    const auto asked = port_->open_pool({.slot_bytes = order_.bytes, .slots = 1});
    if (!asked) context.finish(asked.error());
  }

  void close(Context& context) {
    const std::uint16_t id = port_->id();
    port_.reset();
    if (const auto closed = context.close_port(id); !closed) return context.finish(closed.error());
    context.after(kSettleTime, [this, &context] { bare(context); });
  }

  void bare(Context& context) {
    start_ns_ = now_ns();
    const auto mapping = open_bare(order_.bytes);
    if (!mapping) return context.finish(mapping.error());
    latencies_.push_back(since_start());
    next(context);
  }

  std::uint32_t since_start() const {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(now_ns() - start_ns_, ~std::uint32_t{0}));
  }

  Order order_;
  std::shared_ptr<OutPort> port_;  // as the SDK hands it out
  std::vector<std::uint32_t> latencies_;
  std::uint64_t start_ns_ = 0;
  std::uint16_t next_port_ = 1;
};

// Times calls of kernel.info, one after the other. Reports two latencies a call:
// without what the two processes waited for a processor, which is the machine's
// doing, and with it.
class Prober final : public OrderedDevice {
 public:
  explicit Prober(const std::string& control)
      : OrderedDevice("bench-prober", "Times calls to the kernel", control) {}

 private:
  Result<> prepare(Context& context) override {
    return context.watch(pacer_.fd(), [this, &context] { tick(context); });
  }

  void obey(Context&, const Order& order) override {
    latencies_.clear();
    outcome_ = {};
    kernel_ = std::make_unique<ProcessorWait>(static_cast<pid_t>(order.pid));
    end_ns_ = now_ns() + order.duration_ns;
    pacer_.start(order.rate_hz);
  }

  void tick(Context& context) {
    if (pacer_.due() == 0 || calling_) return;
    if (now_ns() > end_ns_) {
      pacer_.stop();
      return control().report(outcome_, latencies_);
    }
    calling_ = true;
    const std::uint64_t waited_ns = waited();
    const std::uint64_t start_ns = now_ns();
    const auto sent =
        context.call("kernel", "kernel.info", "{}", [=, this](const dkvm::Answer& answer) {
          const std::uint64_t whole_ns = now_ns() - start_ns;
          const std::uint64_t machine_ns = std::min(whole_ns, waited() - waited_ns);
          calling_ = false;
          ++outcome_.events;
          if (!answer) ++outcome_.lost;
          if (latencies_.size() + 2 > kSamplesMax) return;
          latencies_.push_back(static_cast<std::uint32_t>(whole_ns - machine_ns));
          latencies_.push_back(static_cast<std::uint32_t>(whole_ns));
        });
    if (!sent) context.finish(sent.error());
  }

  std::uint64_t waited() const { return own_.total_ns() + kernel_->total_ns(); }

  Pacer pacer_;
  ProcessorWait own_{::getpid()};
  std::unique_ptr<ProcessorWait> kernel_;
  Outcome outcome_;
  std::vector<std::uint32_t> latencies_;
  std::uint64_t end_ns_ = 0;
  bool calling_ = false;
};

}  // namespace

std::unique_ptr<Device> make_pool_opener(const std::string& control) {
  return std::make_unique<PoolOpener>(control);
}

std::unique_ptr<Device> make_prober(const std::string& control) {
  return std::make_unique<Prober>(control);
}

}  // namespace dkvm::bench
