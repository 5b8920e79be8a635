#include "tests/e2e/net/two_desks.hpp"

#include "trust/identity.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>

namespace dkvm::test {
namespace {

constexpr const char* kPort = "24860";
constexpr Seconds kTapTime{0.2};  // until a tap that was sent into the void is sent again
// A restart that does not keep the tests waiting.
constexpr const char* kSoon = ", restart: {initial: 50ms, factor: 1}";

std::string pin_of_new_identity(const Desk& desk) {
  return must(trust::Identity::make(desk.path("identity"), trust::KeyKind::p256, "test"))
      .fingerprint()
      .text();
}

std::string link(const Desk& desk, const std::string& type, const std::string& config) {
  return "  wire: {type: " + type + ", config: {identity: " + desk.path("identity") + ", " +
         config + "}" + kSoon + "}\n";
}

}  // namespace

TwoDesks::TwoDesks() {
  for (Desk* each : {&desk, &laptop}) each->grant("{target: wire, methods: [links.list]}");
}

void TwoDesks::start(const More& more) {
  const std::string desk_pin = pin_of_new_identity(desk);
  const std::string laptop_pin = pin_of_new_identity(laptop);
  const std::string address = cable.a().v4() + ":" + kPort;
  desk.write("devices:\n" + keyboard.yaml() +
             link(desk, "tcp-server",
                  "listen: \"" + address + "\", peers: {laptop: {pin: \"" + laptop_pin + "\"}}") +
             more.desk_devices +
             "pipelines:\n  - {name: keys, from: keyboard/keyboard, to: link/laptop/keys}\n" +
             more.desk_pipelines);
  laptop.write("devices:\n  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n" +
               link(laptop, "tcp-client",
                    "connect: \"" + address + "\", peer: desk, pin: \"" + desk_pin + "\"") +
               more.laptop_devices +
               "pipelines:\n  - {name: keys, from: link/desk/keys, to: typed}\n" +
               more.laptop_pipelines);
  launch(desk);
  launch(laptop);
  await_keys();
  typed.mark();
}

void TwoDesks::launch(Desk& which) {
  const netlab::Inside inside(&which == &desk ? desk_host : laptop_host);
  which.launch();
}

// A key that was sent while no link was up may be dropped, so it is sent again.
void TwoDesks::await_keys() {
  const std::size_t before = typed.count("KEY_F24", false);
  const std::size_t before_last = typed.count("KEY_F23", false);
  const bool passed = eventually(kPatience, [&] {
    keyboard.tap("KEY_F24");
    return eventually(kTapTime, [&] { return typed.count("KEY_F24", false) > before; });
  });
  INFO(logs());
  REQUIRE(passed);
  keyboard.tap("KEY_F23");  // behind all of those
  REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_F23", false) > before_last; }));
  REQUIRE(eventually(kPatience, [&] { return typed.has({}); }));
}

std::uint64_t TwoDesks::gaps() const {
  std::uint64_t all = 0;
  for (const Desk* each : {&desk, &laptop})
    all += each->call("kernel.info").at("gaps").get<std::uint64_t>();
  return all;
}

void TwoDesks::freeze(Desk& which) {
  frozen_ = which.pids();
  frozen_.insert(frozen_.begin(), which.kernel().pid());
  for (const pid_t pid : frozen_) REQUIRE(::kill(pid, SIGSTOP) == 0);
}

void TwoDesks::thaw() {
  for (const pid_t pid : frozen_) ::kill(pid, SIGCONT);
  frozen_.clear();
}

std::string TwoDesks::logs() const { return "desk:\n" + desk.log() + "laptop:\n" + laptop.log(); }

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::uint64_t kib = 0;
  for (std::string word; status >> word;)
    if (word == "VmRSS:" && status >> kib) break;
  return kib * 1024;
}

}  // namespace dkvm::test
