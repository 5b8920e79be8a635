#include "tools/bench/harness/chain.hpp"

namespace dkvm::bench {
namespace {

constexpr const char* kLink = "dkvm-bench-raw-link";
constexpr const char* kRelay = "dkvm-bench-raw";

}  // namespace

Result<Chain> start_raw_link(Conductor& conductor) {
  Chain chain{"raw-link", "raw-link/source", "raw-link/sink", 0, {}, {}};
  DKVM_TRY(const SocketPair first, make_socket_pair());
  DKVM_TRY(const SocketPair second, make_socket_pair());
  DKVM_TRY(const SocketPair wire, make_tcp_pair());
  DKVM_TRY(const SocketPair third, make_socket_pair());
  DKVM_TRY(const SocketPair fourth, make_socket_pair());
  const auto add = [&](const char* program, const char* endpoint, int in, int out) -> Result<> {
    std::vector<std::pair<int, int>> fds = {{in, kFirstFd}};
    if (out >= 0) fds.push_back({out, kFirstFd + 1});
    return add_process(chain, conductor, program, endpoint, fds);
  };
  DKVM_CHECK(add(kRelay, "relay-1", first.b.get(), second.a.get()));
  DKVM_CHECK(add(kLink, "near", second.b.get(), wire.a.get()));
  DKVM_CHECK(add(kRelay, "source", first.a.get(), -1));
  DKVM_CHECK(add(kLink, "far", wire.b.get(), third.a.get()));
  DKVM_CHECK(add(kRelay, "relay-2", third.b.get(), fourth.a.get()));
  DKVM_CHECK(add(kRelay, "sink", fourth.b.get(), -1));
  chain.middle = conductor.introduction("raw-link/near").pid;
  return chain;
}

Result<Chain> start_raw_bulk(Conductor& conductor) {
  Chain chain{"raw-tls", "raw-tls/bulk-source", "raw-tls/bulk-sink", 0, {}, {}};
  DKVM_TRY(const SocketPair wire, make_tcp_pair());
  DKVM_CHECK(add_process(chain, conductor, kLink, "bulk-source", {{wire.a.get(), kFirstFd}}));
  DKVM_CHECK(add_process(chain, conductor, kLink, "bulk-sink", {{wire.b.get(), kFirstFd}}));
  chain.middle = chain.processes.front().pid();
  return chain;
}

}  // namespace dkvm::bench
