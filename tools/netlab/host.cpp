#include "tools/netlab/host.hpp"

#include "tools/netlab/command.hpp"

#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace dkvm::netlab {
namespace {

constexpr const char* kOwnNetwork = "/proc/thread-self/ns/net";

Result<Fd> open_own_network() {
  Fd fd(::open(kOwnNetwork, O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(Errc::unsupported, std::string(kOwnNetwork) + ": " + std::strerror(errno));
  return fd;
}

// A thread that cannot go back would do everything else in the wrong network.
void enter(int network) {
  if (::setns(network, CLONE_NEWNET) == 0) return;
  std::perror("netlab: entering a network namespace");
  std::abort();
}

// As where one network was there for long: addresses survive a pulled cable, and
// nobody asks for a second whether another has them.
void settle_addresses() {
  for (const char* which : {"all", "default"}) {
    const std::string folder = std::string("/proc/sys/net/ipv6/conf/") + which;
    std::ofstream(folder + "/keep_addr_on_down") << 1;
    std::ofstream(folder + "/accept_dad") << 0;
  }
}

}  // namespace

std::string why_not() {
  const auto host = Host::make();
  return host ? "" : host.error().message();
}

Result<Host> Host::make() {
  DKVM_TRY(const Fd outside, open_own_network());
  if (::unshare(CLONE_NEWNET) != 0)
    return fail(Errc::denied, std::string("making a network namespace: ") + std::strerror(errno) +
                                  " (run it as root)");
  auto network = open_own_network();
  settle_addresses();
  auto up = run({"ip", "link", "set", "lo", "up"});
  enter(outside.get());
  DKVM_CHECK(up);
  DKVM_TRY(Fd made, std::move(network));
  return Host(std::move(made));
}

std::string Host::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(network_.get());
}

Inside::Inside(const Host& host) {
  auto outside = open_own_network();
  if (!outside) std::abort();
  outside_ = std::move(*outside);
  enter(host.fd());
}

Inside::~Inside() { enter(outside_.get()); }

}  // namespace dkvm::netlab
