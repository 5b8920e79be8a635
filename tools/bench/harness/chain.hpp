#pragma once

#include "tools/bench/harness/control.hpp"
#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/harness/process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dkvm::bench {

// A source, something in the middle, a sink: one row of a table. All chains of
// a scenario are up all the time, and idle but for the one whose turn it is.
struct Chain {
  std::string name;
  std::string source;  // names at the control socket
  std::string sink;
  pid_t middle = 0;  // what is measured
  std::vector<Process> processes;
  std::optional<KernelRun> kernel;
};

// Where the three processes of a chain run. Left to the system, it is chance
// that decides what a wake-up costs, and chance that differs between chains.
enum class Placement {
  free,      // where the system likes
  together,  // all on one processor: a hop is a switch of processes
  apart,     // the middle on another than both ends: a hop wakes a processor
};

// Errors: Errc::unsupported when this machine has not two processors.
Result<> place(const Conductor& conductor, const Chain& chain, Placement placement);

// One process on one of the processors that the bench may use, counted from 0.
// Errors: Errc::unsupported when there are not as many.
Result<> pin(pid_t pid, std::size_t processor);
// Where the system likes, again.
void unpin(pid_t pid);

// What one round through a chain gave.
struct Round {
  double events = 0;
  double p50_us = 0;
  double p99_us = 0;
  double max_us = 0;
  double rate_per_s = 0;        // at the sink, from the first to the last event
  double cpu_ns_per_event = 0;  // of the middle
  double source_cpu_ns_per_event = 0;
  double sink_cpu_ns_per_event = 0;
  double switches_per_event = 0;
};

// Errors: Errc::corrupt when an event is lost or out of order.
Result<Round> run_round(Conductor& conductor, const Chain& chain, double rate_hz,
                        std::chrono::milliseconds duration);

// The first descriptor that a peer's process is given.
inline constexpr int kFirstFd = 3;

// Starts `program ROLE CONTROL NAME/ENDPOINT more...` as a part of the chain and waits
// until it is ready; "relay-2" is an endpoint of role "relay".
Result<> add_process(Chain& chain, Conductor& conductor, const std::string& program,
                     const std::string& endpoint, std::vector<std::pair<int, int>> fds,
                     const std::vector<std::string>& more = {});

// Chains of the peers; Errc::not_found when its program is not built.
Result<Chain> start_raw(Conductor& conductor);
// A mouse whose stream a bare process reads; its middle is that process.
Result<Chain> start_raw_mouse(Conductor& conductor);
// source, relay, TLS over loopback, relay, sink: six processes on two machines of one
// processor each, once placed.
Result<Chain> start_raw_link(Conductor& conductor);
// Frames straight from TLS to TLS; middle is the source.
Result<Chain> start_raw_bulk(Conductor& conductor);
Result<Chain> start_broker(const TemporaryFolder& folder, Conductor& conductor,
                           const std::string& name, const std::string& program);

// A kernel with a source and a sink of Key events and one edge of policy `block`.
Result<Chain> start_kernel_chain(const TemporaryFolder& folder, Conductor& conductor,
                                 const std::string& name, const std::string& program,
                                 const std::vector<std::string>& environment = {});

}  // namespace dkvm::bench
