#pragma once

#include "tools/bench/harness/chain.hpp"
#include "tools/bench/harness/scenario.hpp"
#include "tools/netlab/host.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::bench {

// What the parts of the scenario `link` share. Life: all of it outlives them.
struct LinkBench {
  const Options& options;
  const TemporaryFolder& folder;
  Conductor& conductor;
  Report& report;
};

// A scenario with such a bench of its own.
Result<Report> run_on_bench(const std::string& scenario, const Options& options,
                            const std::function<Result<>(LinkBench&)>& run);

struct Stream {
  std::string source;  // names at the control socket
  std::string sink;
};

struct LinkPlan {
  std::string name;  // unique in a run
  int bulk = 0;      // streams of frames beside that of keys
  std::string address = "127.0.0.1";
  const netlab::Host* near = nullptr;  // where the kernels are; null: here
  const netlab::Host* far = nullptr;
};

// Two kernels joined by a link: `desk` (a tcp-server, the sources) and `laptop` (a
// tcp-client, the sinks), each with an identity of its own and the other's pin.
struct LinkDesk {
  Chain keys;  // middle: the kernel of the sources
  std::vector<Stream> bulk;
  std::optional<KernelRun> near;  // both run
  std::optional<KernelRun> far;

  // What both kernels logged last, for errors.
  std::string log_tail() const;
  // The process of the link's device in a kernel; 0 while there is none.
  pid_t server() const;
  pid_t client() const;
  // Each kernel and its devices on a processor of their own, or anywhere.
  Result<> place(bool apart) const;
};

// Returns once keys pass.
// Errors: Errc::not_found when the devices of links are not built.
Result<LinkDesk> start_link_desk(LinkBench& bench, const LinkPlan& plan);

// Errors: Errc::not_found when it is not beside the bench.
Result<> require_program(const std::string& program);
// A tcp-server's or tcp-client's identity in a folder of its own: its pin.
Result<std::string> make_identity(const LinkBench& bench, const std::string& name);
// The two devices of a link between the kernels `desk` and `laptop`, as lines of YAML,
// with identities that trust each other. keys: more keys of both devices.
struct LinkEnds {
  std::string server;
  std::string client;
};
Result<LinkEnds> make_link_ends(const LinkBench& bench, const std::string& name,
                                const std::string& address, const std::string& keys);
// A port of the loopback that nobody uses at this moment.
Result<int> free_port();
// Sends keys until some arrive.
// Errors: Errc::timeout after ten seconds.
Result<> await_keys(Conductor& conductor, const Stream& keys);

// Frames as fast as they are taken. Errors: Errc::corrupt when one came torn.
struct BulkRound {
  double bytes_per_s = 0;  // taken, from the first to the last frame
  double lost = 0;
  double p50_ms = 0;  // from a frame's painting to its arrival
};
Result<> begin_bulk(LinkBench& bench, const Stream& stream, std::uint64_t frame_bytes,
                    std::chrono::milliseconds duration);
Result<BulkRound> end_bulk(LinkBench& bench, const Stream& stream, std::uint64_t frame_bytes,
                           std::chrono::milliseconds patience);

}  // namespace dkvm::bench
