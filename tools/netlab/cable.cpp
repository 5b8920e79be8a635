#include "tools/netlab/cable.hpp"

#include "tools/netlab/command.hpp"

#include <fmt/format.h>

#include <thread>

namespace dkvm::netlab {
namespace {

constexpr unsigned kNumberMax = 250;
constexpr unsigned kPercentMax = 100;
constexpr std::chrono::milliseconds kCarrierTimeMax{3000};
constexpr std::chrono::milliseconds kCarrierLookEvery{2};
constexpr std::uint64_t kBurstBytes = 3000;  // two packets: a rate, not a series of bursts

Result<> ip(const Host& host, std::vector<std::string> words) {
  const Inside inside(host);
  words.insert(words.begin(), "ip");
  DKVM_CHECK(run(words));
  return {};
}

// The system notices a carrier some time after it is there, and gives IPv6 its
// addresses only then.
Result<> await_carrier(const Host& host, const std::string& device) {
  const Inside inside(host);
  for (auto waited = kCarrierLookEvery; waited <= kCarrierTimeMax; waited += kCarrierLookEvery) {
    DKVM_TRY(const std::string link, run({"ip", "-o", "link", "show", "dev", device}));
    DKVM_TRY(const std::string tentative,
             run({"ip", "-o", "-6", "address", "show", "dev", device, "tentative"}));
    if (link.find("state UP") != std::string::npos && tentative.empty()) return {};
    std::this_thread::sleep_for(kCarrierLookEvery);
  }
  return fail(Errc::timeout, device + " has no carrier");
}

}  // namespace

Result<> CableEnd::set_up() {
  for (const std::string& address : {v4_ + "/24", v6_ + "/64"}) {
    std::vector<std::string> words = {"address", "add", address, "dev", device_};
    if (address.find(':') != std::string::npos) words.push_back("nodad");
    DKVM_CHECK(ip(*host_, words));
  }
  return ip(*host_, {"link", "set", device_, "up", "gso_max_segs", "1"});
}

Result<> CableEnd::lose(unsigned percent) {
  if (percent > kPercentMax) return fail(Errc::invalid, "a loss is 0 to 100 percent");
  const Inside inside(*host_);
  const std::string drop =
      percent == kPercentMax
          ? fmt::format("iifname \"{}\" counter drop", device_)
          : fmt::format("iifname \"{}\" numgen random mod 100 < {} counter drop", device_, percent);
  const std::string table = fmt::format("inet lab_{}", device_);
  std::string rules = fmt::format("table {0}\ndelete table {0}\n", table);
  if (percent != 0)
    rules += fmt::format(
        "table {} {{\nchain arriving {{\ntype filter hook prerouting priority -300\n{}\n}}\n}}\n",
        table, drop);
  DKVM_CHECK(run({"nft", "-f", "-"}, rules));
  return {};
}

Result<> CableEnd::limit(std::uint64_t bits_per_s, std::uint64_t queue_bytes) {
  const Inside inside(*host_);
  DKVM_CHECK(run({"tc", "qdisc", "replace", "dev", device_, "root", "tbf", "rate",
                  fmt::format("{}bit", bits_per_s), "burst", std::to_string(kBurstBytes), "limit",
                  std::to_string(queue_bytes)}));
  return {};
}

Result<> CableEnd::divert(const char* verb) {
  const Inside inside(*host_);
  for (const char* tables : {"iptables", "ip6tables"})
    DKVM_CHECK(run({tables, verb, "INPUT", "-i", device_, "-j", "NFQUEUE", "--queue-num",
                    std::to_string(number_), "--queue-bypass"}));
  return {};
}

Result<> CableEnd::delay(const Delay& delay) {
  if (held_) {
    held_->change(delay);
    return {};
  }
  {
    const Inside inside(*host_);
    DKVM_TRY(held_, DelayQueue::start(static_cast<std::uint16_t>(number_), delay));
  }
  return divert("-A");
}

Result<> CableEnd::undelay() {
  if (!held_) return {};
  DKVM_CHECK(divert("-D"));
  held_.reset();
  return {};
}

Result<> CableEnd::move_to(const std::string& v4, const std::string& v6) {
  for (const char* family : {"-4", "-6"})
    DKVM_CHECK(ip(*host_, {family, "address", "flush", "dev", device_, "scope", "global"}));
  v4_ = v4;
  v6_ = v6;
  return set_up();
}

Result<Cable> Cable::lay(const Host& a, const Host& b, unsigned number) {
  if (number == 0 || number > kNumberMax)
    return fail(Errc::invalid, fmt::format("a cable's number is 1 to {}", kNumberMax));
  const std::string device = fmt::format("net{}", number);
  DKVM_CHECK(
      ip(a, {"link", "add", device, "type", "veth", "peer", "name", device, "netns", b.path()}));
  const auto end = [&](const Host& host, int side) {
    return CableEnd(host, device, fmt::format("10.77.{}.{}", number, side),
                    fmt::format("fd77:{}::{}", number, side), number);
  };
  Cable cable(a, b, end(a, 1), end(b, 2));
  DKVM_CHECK(cable.a_.set_up());
  DKVM_CHECK(cable.b_.set_up());
  DKVM_CHECK(cable.await_carrier());
  return cable;
}

Result<> Cable::pull() { return ip(*host_a_, {"link", "set", a_.device(), "down"}); }

Result<> Cable::plug() {
  DKVM_CHECK(ip(*host_a_, {"link", "set", a_.device(), "up"}));
  return await_carrier();
}

Result<> Cable::await_carrier() {
  DKVM_CHECK(netlab::await_carrier(*host_a_, a_.device()));
  return netlab::await_carrier(*host_b_, b_.device());
}

Result<> Cable::cut() {
  DKVM_CHECK(a_.lose(kPercentMax));
  return b_.lose(kPercentMax);
}

Result<> Cable::mend() {
  DKVM_CHECK(a_.lose(0));
  return b_.lose(0);
}

}  // namespace dkvm::netlab
