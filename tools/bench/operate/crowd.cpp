#include "tools/bench/operate/parts.hpp"

#include "tools/bench/harness/interrupt.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kPairs = (kOperatedDevices - 2) / 2;
constexpr milliseconds kReadyTimeMax{30'000};
constexpr milliseconds kAnswerTimeMax{5000};
constexpr milliseconds kArrivalTimeMax{10'000};
constexpr milliseconds kLookEvery{20};
constexpr const char* kName = "crowd";

std::string source_name(int pair) { return fmt::format("in-{}", pair); }
std::string sink_name(int pair) { return fmt::format("out-{}", pair); }

Result<Outcome> ask(Conductor& conductor, const std::string& name) {
  Order order;
  order.kind = Order::Kind::tally;
  DKVM_CHECK(conductor.order(name, order));
  DKVM_TRY(const Answer answer, conductor.answer(name, kAnswerTimeMax));
  return answer.outcome;
}

}  // namespace

KernelPlan CrowdDesk::plan(int turn) {
  KernelPlan plan;
  plan.devices.push_back({kIdle, "number-source", fmt::format(", env: {{TURN: '{}'}}", turn)});
  for (int pair = 0; pair < kPairs; ++pair) {
    plan.devices.push_back({source_name(pair), "number-source", ""});
    plan.devices.push_back({sink_name(pair), "number-sink", ""});
    plan.pipelines.push_back(fmt::format("{{name: numbers-{}, from: {}, to: {}}}", pair,
                                         source_name(pair), sink_name(pair)));
  }
  plan.other_devices = {
      "control: {type: control, grants: [{target: kernel, methods: ['devices.*', 'pipelines.*', "
      "kernel.info, kernel.reload]}]}"};
  return plan;
}

std::string CrowdDesk::config(const TemporaryFolder& folder) {
  return folder.file(std::string(kName) + ".yaml");
}

Result<CrowdDesk> CrowdDesk::start(OperateBench& bench) {
  bench.options.progress("200 devices start");
  DKVM_TRY(Conductor listening, Conductor::listen(bench.folder.file("crowd.control")));
  auto conductor = std::make_unique<Conductor>(std::move(listening));
  const KernelPlan wanted = plan(0);
  DKVM_TRY(KernelRun kernel, KernelRun::start(bench.folder, *conductor, kName, wanted));
  std::vector<std::string> names;
  for (const DeviceEntry& device : wanted.devices) names.push_back(device.name);
  if (auto ready = conductor->await(names, kReadyTimeMax); !ready)
    return fail(std::move(ready).error().within("the kernel says:" + kernel.log_tail()));
  return CrowdDesk(bench.folder, std::move(conductor), std::move(kernel));
}

Result<> CrowdDesk::change_idle(int turn) const {
  std::ofstream out(config(folder_), std::ios::trunc);
  out << kernel_yaml(plan(turn), folder_.file(std::string(kName) + ".run"),
                     own_folder() + "/dkvm-bench", conductor_->path());
  out.close();
  if (!out) return fail(Errc::exhausted, "writing " + config(folder_));
  return {};
}

Result<> CrowdDesk::count(double rate_hz) {
  Order order;
  order.kind = Order::Kind::produce;
  order.rate_hz = rate_hz;
  for (int pair = 0; pair < kPairs; ++pair) DKVM_CHECK(conductor_->order(source_name(pair), order));
  return {};
}

// What is under way has its time to arrive; what has not come then is missing.
Result<CrowdDesk::Tally> CrowdDesk::tally() {
  Tally tally;
  for (int pair = 0; pair < kPairs; ++pair) {
    DKVM_TRY(const Outcome sent, ask(*conductor_, source_name(pair)));
    DKVM_TRY(Outcome came, ask(*conductor_, sink_name(pair)));
    for (milliseconds waited{0}; came.events != sent.events && waited < kArrivalTimeMax;
         waited += kLookEvery) {
      DKVM_CHECK(sleep_for(kLookEvery));
      DKVM_TRY(came, ask(*conductor_, sink_name(pair)));
    }
    tally.sent += static_cast<double>(sent.events);
    tally.wrong += static_cast<double>(came.disorders) +
                   std::abs(static_cast<double>(sent.events) - static_cast<double>(came.events));
  }
  return tally;
}

}  // namespace dkvm::bench
