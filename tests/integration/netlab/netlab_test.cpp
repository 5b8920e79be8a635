// The lab does to a network what its names say; measured with datagrams.

#include "tests/integration/netlab/pinger.hpp"
#include "tests/support/networks.hpp"
#include "tools/netlab/cable.hpp"
#include "tools/netlab/command.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

using namespace dkvm;
using namespace dkvm::test;
using namespace std::chrono_literals;
using netlab::Cable;
using netlab::Host;

namespace {

struct TwoHosts {
  Host one = must(Host::make());
  Host two = must(Host::make());
  Cable cable = must(Cable::lay(one, two, 1));

  Pinger pinger(const std::string& to) const { return {one, two, to}; }
  Pinger pinger() { return pinger(cable.b().v4()); }
};

double least(const std::vector<double>& values) { return *std::ranges::min_element(values); }
double most(const std::vector<double>& values) { return *std::ranges::max_element(values); }

}  // namespace

TEST_CASE("Two hosts reach each other by IPv4 and IPv6") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  CHECK(lab.pinger(lab.cable.b().v4()).reaches());
  CHECK(lab.pinger(lab.cable.b().v6()).reaches());
}

TEST_CASE("A host sees its own network and nothing else") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  const Host lonely = must(Host::make());
  const netlab::Inside inside(lonely);
  const std::string links = must(netlab::run({"ip", "-o", "link"}));
  CHECK(std::ranges::count(links, '\n') == 1);
  CHECK(links.find("LOOPBACK,UP") != std::string::npos);
}

TEST_CASE("A process that is started inside a host stays there") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  std::string there;
  {
    const netlab::Inside inside(lab.one);
    there = must(netlab::run({"ip", "-o", "address"}));
  }
  const std::string here = must(netlab::run({"ip", "-o", "address"}));
  CHECK(there.find(lab.cable.a().v4()) != std::string::npos);
  CHECK(here.find(lab.cable.a().v4()) == std::string::npos);
}

TEST_CASE("Nothing arrives over a pulled cable until it is plugged in again") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  for (const std::string& address : {lab.cable.b().v4(), lab.cable.b().v6()}) {
    Pinger pinger = lab.pinger(address);
    REQUIRE(pinger.reaches());
    must(lab.cable.pull());
    CHECK_FALSE(pinger.reaches());
    must(lab.cable.plug());
    CHECK(pinger.reaches(5s));
  }
}

TEST_CASE("Nothing arrives over a cut cable until it is mended, and the sender is not told") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  Pinger pinger = lab.pinger();
  must(lab.cable.cut());
  CHECK_FALSE(pinger.reaches());
  must(lab.cable.mend());
  CHECK(pinger.reaches());
}

TEST_CASE("A loss of 20 percent loses a fifth of what arrives") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  must(lab.cable.b().lose(20));
  const auto outcome = lab.pinger().ping({.count = 2000, .every = 100us, .patience = 100ms});
  CHECK(outcome.arrived() > 1450);  // six standard deviations
  CHECK(outcome.arrived() < 1750);
  must(lab.cable.b().lose(0));
  CHECK(lab.pinger().ping({.count = 100}).arrived() == 100);
}

TEST_CASE("A rate of 1 Mbit/s takes a second for 125 KB, and drops what does not fit its queue") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  must(lab.cable.a().limit(1'000'000, 256 * 1024));
  const auto outcome = lab.pinger().ping({.count = 100, .bytes = 1208, .patience = 5s});
  CHECK(outcome.arrived() == 100);  // 1250 bytes on the wire each
  CHECK(outcome.lasted_s > 0.9);
  must(lab.cable.a().limit(1'000'000, 32 * 1024));
  CHECK(lab.pinger().ping({.count = 100, .bytes = 1208, .patience = 1s}).arrived() < 60);
}

TEST_CASE("A delay of 100 ms with 50 ms of jitter is kept to, in order") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  must(lab.cable.b().delay({.least = 100ms, .jitter = 50ms}));
  const auto outcome = lab.pinger().ping({.count = 200, .every = 1ms});
  REQUIRE(outcome.arrived() == 200);
  CHECK(outcome.overtaken == 0);
  CHECK(least(outcome.arrivals_ms) >= 100);
  CHECK(most(outcome.arrivals_ms) >= 140);
  const double mean =
      std::accumulate(outcome.arrivals_ms.begin(), outcome.arrivals_ms.end(), 0.0) / 200;
  CHECK(mean < 200);

  must(lab.cable.b().undelay());
  CHECK(least(lab.pinger().ping({.count = 50}).arrivals_ms) < 100);
}

TEST_CASE("Jitter that may reorder lets packets overtake, by IPv6 too") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  must(lab.cable.b().delay({.least = 5ms, .jitter = 20ms, .reorder = true}));
  for (const std::string& address : {lab.cable.b().v4(), lab.cable.b().v6()}) {
    const auto outcome = lab.pinger(address).ping({.count = 200, .every = 1ms});
    CHECK(outcome.arrived() == 200);
    CHECK(outcome.overtaken > 50);
    CHECK(least(outcome.arrivals_ms) >= 5);
  }
}

TEST_CASE("A delay can change while packets wait") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  must(lab.cable.b().delay({.least = 50ms}));
  CHECK(least(lab.pinger().ping({.count = 5}).arrivals_ms) >= 50);
  must(lab.cable.b().delay({.least = 10ms}));
  CHECK(least(lab.pinger().ping({.count = 5}).arrivals_ms) < 50);
}

TEST_CASE("A host that moves is reached at its new addresses only") {
  if (!networks_permitted()) return;
  TwoHosts lab;
  Pinger old = lab.pinger();
  REQUIRE(old.reaches());
  must(lab.cable.b().move_to("10.77.1.9", "fd77:1::9"));
  CHECK_FALSE(old.reaches());
  CHECK(lab.pinger("10.77.1.9").reaches());
  CHECK(lab.pinger("fd77:1::9").reaches());
}

TEST_CASE("Of a lab whose process was killed nothing is left") {
  if (!networks_permitted()) return;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const TwoHosts lab;
    const std::string name = std::filesystem::read_symlink(lab.one.path());
    [[maybe_unused]] const ssize_t told = ::write(ready[1], name.data(), name.size());
    ::pause();
  }
  char name[64] = {};
  REQUIRE(::read(ready[0], name, sizeof(name) - 1) > 0);
  CHECK(std::string(name).starts_with("net:["));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::error_code ignored;
    CHECK(std::filesystem::read_symlink(entry.path() / "ns/net", ignored) != name);
  }
  std::error_code none;
  CHECK_FALSE(std::filesystem::exists("/run/netns/" + std::string(name), none));
}

TEST_CASE("A program that fails says what it was and why") {
  const auto wrong = netlab::run({"ip", "link", "set", "nowhere", "up"});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message().find("ip link set nowhere up failed: ") == 0);
  CHECK(wrong.error().message().find("nowhere") != std::string::npos);
  const auto missing = netlab::run({"no-such-program"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Errc::not_found);
}
