#include "tools/bench/harness/chain.hpp"

#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/harness/usage.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <filesystem>

namespace dkvm::bench {
namespace {

constexpr Conductor::Timeout kReadyTimeMax{10'000};
constexpr Conductor::Timeout kDrainTimeMax{10'000};  // from the last event sent to the last taken

// What the three processes of a chain have used.
struct ChainUsage {
  Usage source;
  Usage middle;
  Usage sink;
};

Result<ChainUsage> read_chain_usage(const Conductor& conductor, const Chain& chain) {
  ChainUsage usage;
  DKVM_TRY(usage.source, read_usage(conductor.introduction(chain.source).pid));
  DKVM_TRY(usage.middle, read_usage(chain.middle));
  DKVM_TRY(usage.sink, read_usage(conductor.introduction(chain.sink).pid));
  return usage;
}

Round summarize(Answer taken, const ChainUsage& before, const ChainUsage& after) {
  Round round;
  const Outcome& outcome = taken.outcome;
  round.events = static_cast<double>(outcome.events);
  round.p50_us = quantile(taken.latencies_us, 0.5);
  round.p99_us = quantile(taken.latencies_us, 0.99);
  round.max_us = quantile(taken.latencies_us, 1);
  round.rate_per_s = round.events * 1e9 / static_cast<double>(outcome.last_ns - outcome.first_ns);
  const auto per_event = [&](std::uint64_t Usage::*what, const Usage& from, const Usage& to) {
    return static_cast<double>(to.*what - from.*what) / round.events;
  };
  round.cpu_ns_per_event = per_event(&Usage::cpu_ns, before.middle, after.middle);
  round.source_cpu_ns_per_event = per_event(&Usage::cpu_ns, before.source, after.source);
  round.sink_cpu_ns_per_event = per_event(&Usage::cpu_ns, before.sink, after.sink);
  round.switches_per_event = per_event(&Usage::switches, before.middle, after.middle);
  return round;
}

// "relay-2" is a second one of role "relay".
std::string_view role_of(std::string_view endpoint) {
  const std::size_t number = endpoint.find_first_of("0123456789");
  return number == std::string_view::npos ? endpoint : endpoint.substr(0, number - 1);
}

}  // namespace

Result<> add_process(Chain& chain, Conductor& conductor, const std::string& program,
                     const std::string& endpoint, std::vector<std::pair<int, int>> fds,
                     const std::vector<std::string>& more) {
  const std::string path = own_folder() + "/" + program;
  if (::access(path.c_str(), X_OK) != 0)
    return fail(Errc::not_found, "not installed (tools/setup --bench, then build again)");
  Command command{
      {path, std::string(role_of(endpoint)), conductor.path(), chain.name + "/" + endpoint},
      std::move(fds),
      {}};
  command.args.insert(command.args.end(), more.begin(), more.end());
  DKVM_TRY(Process process, Process::start(command));
  chain.processes.push_back(std::move(process));
  return conductor.await(chain.name + "/" + endpoint, kReadyTimeMax);
}

Result<Round> run_round(Conductor& conductor, const Chain& chain, double rate_hz,
                        std::chrono::milliseconds duration) {
  DKVM_TRY(const ChainUsage before, read_chain_usage(conductor, chain));
  Order collect{Order::Kind::collect, rate_hz > 0 ? 1U : 0U, rate_hz, 0};
  DKVM_CHECK(conductor.order(chain.sink, collect));
  DKVM_CHECK(conductor.answer(chain.sink, kDrainTimeMax));  // else it might miss the first events
  const auto duration_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
  DKVM_CHECK(conductor.order(chain.source, {Order::Kind::produce, 0, rate_hz, duration_ns}));
  DKVM_TRY(const Answer sent, conductor.answer(chain.source, duration + kDrainTimeMax));
  DKVM_TRY(Answer taken, conductor.answer(chain.sink, kDrainTimeMax));
  DKVM_TRY(const ChainUsage after, read_chain_usage(conductor, chain));
  if (taken.outcome.events != sent.outcome.events || taken.outcome.disorders != 0)
    return fail(Errc::corrupt,
                fmt::format("{}: {} events were sent, {} came, {} out of order", chain.name,
                            sent.outcome.events, taken.outcome.events, taken.outcome.disorders));
  return summarize(std::move(taken), before, after);
}

Result<Chain> start_raw(Conductor& conductor) {
  const std::string program = "dkvm-bench-raw";
  Chain chain{"raw", "raw/source", "raw/sink", 0, {}, {}};
  DKVM_TRY(const SocketPair front, make_socket_pair());
  DKVM_TRY(const SocketPair back, make_socket_pair());
  DKVM_CHECK(add_process(chain, conductor, program, "relay",
                         {{front.b.get(), kFirstFd}, {back.a.get(), kFirstFd + 1}}));
  DKVM_CHECK(add_process(chain, conductor, program, "source", {{front.a.get(), kFirstFd}}));
  DKVM_CHECK(add_process(chain, conductor, program, "sink", {{back.b.get(), kFirstFd}}));
  chain.middle = chain.processes.front().pid();
  return chain;
}

Result<Chain> start_raw_mouse(Conductor& conductor) {
  const std::string program = "dkvm-bench-raw-mouse";
  Chain chain{"raw-mouse", "raw-mouse/source", "raw-mouse/reader", 0, {}, {}};
  DKVM_TRY(const SocketPair stream, make_socket_pair());
  DKVM_CHECK(add_process(chain, conductor, program, "reader", {{stream.b.get(), kFirstFd}}));
  DKVM_CHECK(add_process(chain, conductor, program, "source", {{stream.a.get(), kFirstFd}}));
  chain.middle = chain.processes.front().pid();
  return chain;
}

Result<Chain> start_broker(const TemporaryFolder& folder, Conductor& conductor,
                           const std::string& name, const std::string& program) {
  Chain chain{name, name + "/source", name + "/sink", 0, {}, {}};
  const std::vector<std::string> ends = {"ipc://" + folder.file(name + ".front"),
                                         "ipc://" + folder.file(name + ".back")};
  for (const char* role : {"broker", "sink", "source"})
    DKVM_CHECK(add_process(chain, conductor, program, role, {}, ends));
  chain.middle = chain.processes.front().pid();
  return chain;
}

Result<Chain> start_kernel_chain(const TemporaryFolder& folder, Conductor& conductor,
                                 const std::string& name, const std::string& program,
                                 const std::vector<std::string>& environment) {
  Chain chain{name, name + "-source", name + "-sink", 0, {}, {}};
  KernelPlan plan;
  plan.program = program;
  plan.environment = environment;
  plan.devices = {{chain.source, "source", ""}, {chain.sink, "sink", ""}};
  plan.pipelines = {fmt::format("{{name: keys, from: {}, to: {}, queue: {{policy: block}}}}",
                                chain.source, chain.sink)};
  DKVM_TRY(chain.kernel, KernelRun::start(folder, conductor, name, plan));
  chain.middle = chain.kernel->pid();
  const std::vector<std::string> names = {chain.source, chain.sink};
  if (auto ready = conductor.await(names, kReadyTimeMax); !ready)
    return fail(std::move(ready).error().within("the kernel says:" + chain.kernel->log_tail()));
  return chain;
}

}  // namespace dkvm::bench
