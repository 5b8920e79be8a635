#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

// Three kernels, each linked to the next: every event arrives once, and knows its way.
using namespace dkvm::test;

namespace {

std::uint64_t kernel_id(Desk& desk) {
  return std::stoull(desk.call("kernel.info").at("id").get<std::string>(), nullptr, 16);
}

std::uint64_t looped(Desk& desk) { return desk.call("kernel.info").at("events").at("looped"); }

std::vector<Json> events_in(const std::string& path) {
  std::ifstream file(path);
  std::vector<Json> events;
  for (std::string line; std::getline(file, line);)
    if (Json event = Json::parse(line, nullptr, false); event.is_object()) events.push_back(event);
  return events;
}

std::string hop_sink(const std::string& name) {
  return "  " + name + ": {exec: [" DKVM_HOP_SINK "], config: {file: " + name + ".jsonl}}\n";
}

std::string typed(const std::string& name = "typed") {
  return "  " + name + ": {type: dummy-keyboard-sink, config: {file: " + name + ".jsonl}}\n";
}

// a → b → c, and c → a where it is a ring: b dials a, c dials b and a. What any of them
// gets it passes on.
struct Three {
  LinkedDesks desks{{"a", "b", "c"}};
  Source keyboard{desks["a"], "keyboard"};
  SinkFile at_a{desks["a"].path("typed.jsonl")};
  SinkFile at_b{desks["b"].path("typed.jsonl")};
  SinkFile at_c{desks["c"].path("typed.jsonl")};

  explicit Three(bool ring) {
    const std::string back = ring
                                 ? "  - {name: back, from: link/c/back, to: [typed, link/b/keys]}\n"
                                   "  - {name: typing, from: keyboard, to: link/b/keys}\n"
                                 : "  - {name: typing, from: keyboard, to: link/b/keys}\n";
    desks.start_linked("a", desks.listening("a"), keyboard.yaml() + typed(), back);
    desks.start_linked("b", desks.listening("b") + desks.dialling("b", "a"), typed(),
                       "  - {name: on, from: link/a/keys, to: [typed, link/c/keys]}\n");
    desks.start_linked("c",
                       desks.dialling("c", "b") + (ring ? desks.dialling("c", "a", "network") : ""),
                       typed() + hop_sink("seen"),
                       "  - {name: on, from: link/b/keys, to: [typed, seen" +
                           std::string(ring ? ", link/a/back" : "") + "]}\n");
    desks.wait_stream("a", "b", "keys");
    desks.wait_stream("b", "c", "keys");
    if (ring) desks.wait_stream("c", "a", "back");
  }
  std::string logs() {
    return desks["a"].log() + "\n" + desks["b"].log() + "\n" + desks["c"].log();
  }
};

// The hops of an event are these kernels, in this order, each left after it was reached.
void check_way(const Json& event, const std::vector<std::uint64_t>& kernels) {
  INFO(event);
  REQUIRE(event.at("hops").size() == kernels.size());
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const Json& hop = event.at("hops")[i];
    CHECK(hop.at("kernel") == kernels[i]);
    CHECK(hop.at("received_ns") <= hop.at("sent_ns"));
    CHECK(hop.at("capture_ns") > 0);
    // Its clocks' errors are well below this.
    CHECK(hop.at("capture_ns").get<std::uint64_t>() <=
          hop.at("received_ns").get<std::uint64_t>() + 50'000'000);
  }
}

}  // namespace

TEST_CASE("In a chain of three kernels every event arrives once, with three hop stamps in order") {
  Three three(false);
  constexpr std::size_t kTaps = 100;
  for (std::size_t i = 0; i < kTaps; ++i) three.keyboard.tap("KEY_A");
  INFO(three.logs());
  const std::string seen = three.desks["c"].path("seen.jsonl");
  CHECK(eventually(kPatience, [&] { return events_in(seen).size() >= 2 * kTaps; }));
  three.keyboard.tap("KEY_B");
  REQUIRE(eventually(kPatience, [&] { return events_in(seen).size() >= 2 * kTaps + 2; }));
  const std::vector<std::uint64_t> way{kernel_id(three.desks["a"]), kernel_id(three.desks["b"]),
                                       kernel_id(three.desks["c"])};
  const auto events = events_in(seen);
  CHECK(events.size() == 2 * kTaps + 2);
  std::uint64_t last = 0;
  for (const Json& event : events) {
    check_way(event, way);
    CHECK(event.at("origin_kernel") == way.front());
    CHECK(event.at("origin_sequence") > last);
    last = event.at("origin_sequence");
  }
  CHECK(three.at_c.count("KEY_A", true) == kTaps);
  CHECK(three.at_b.count("KEY_A", true) == kTaps);
}

TEST_CASE("In a ring of three kernels every event arrives once; what comes round is dropped") {
  Three three(true);
  constexpr std::size_t kTaps = 50;
  for (std::size_t i = 0; i < kTaps; ++i) three.keyboard.tap("KEY_A");
  INFO(three.logs());
  CHECK(eventually(kPatience, [&] { return looped(three.desks["a"]) >= 2 * kTaps; }));
  CHECK(looped(three.desks["a"]) == 2 * kTaps);
  CHECK(looped(three.desks["b"]) == 0);
  CHECK(looped(three.desks["c"]) == 0);
  for (SinkFile* each : {&three.at_b, &three.at_c}) {
    CHECK(eventually(kPatience, [&] { return each->count("KEY_A", false) == kTaps; }));
    CHECK(each->count("KEY_A", true) == kTaps);
  }
  CHECK(three.at_a.changes().empty());
}

TEST_CASE("A key held round a ring is released everywhere when its source dies") {
  Three three(true);
  three.keyboard.down("KEY_LEFTCTRL");
  INFO(three.logs());
  for (SinkFile* each : {&three.at_b, &three.at_c})
    REQUIRE(eventually(kPatience, [&] { return each->has({"KEY_LEFTCTRL"}); }));
  three.desks["a"].kill("keyboard", SIGKILL);
  for (SinkFile* each : {&three.at_b, &three.at_c})
    CHECK(eventually(kStuckMax, [&] { return each->has({}); }));
}

TEST_CASE("A key held through a chain is released at its end when the kernel between dies") {
  Three three(false);
  three.keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return three.at_c.has({"KEY_LEFTCTRL"}); }));
  three.desks["b"].kernel().signal(SIGKILL);
  INFO(three.logs());
  CHECK(eventually(kStuckMax, [&] { return three.at_c.has({}); }));
}

TEST_CASE("A key that two machines hold through a third is up when the last one lets go") {
  LinkedDesks desks({"hub", "left", "right"});
  const Source left(desks["left"], "keyboard");
  const Source right(desks["right"], "keyboard");
  SinkFile at_hub(desks["hub"].path("typed.jsonl"));
  desks.start("hub", typed(),
              "  - {name: typing, from: [link/left/keys, link/right/keys], to: typed}\n");
  desks.start("left", left.yaml(), "  - {name: typing, from: keyboard, to: link/hub/keys}\n");
  desks.start("right", right.yaml(), "  - {name: typing, from: keyboard, to: link/hub/keys}\n");
  desks.wait_stream("left", "hub", "keys");
  desks.wait_stream("right", "hub", "keys");
  const auto reaches = [&](const std::set<std::string>& codes) {
    return eventually(kPatience, [&] { return at_hub.has(codes); });
  };
  INFO(desks["hub"].log());
  left.down("KEY_LEFTSHIFT");
  REQUIRE(reaches({"KEY_LEFTSHIFT"}));
  right.down("KEY_LEFTSHIFT");
  right.tap("KEY_A");  // behind it: the hub has both
  REQUIRE(eventually(kPatience, [&] { return at_hub.count("KEY_A", false) == 1; }));
  SECTION("the one after the other") {
    left.up("KEY_LEFTSHIFT");
    left.tap("KEY_B");  // behind the up
    REQUIRE(eventually(kPatience, [&] { return at_hub.count("KEY_B", false) == 1; }));
    CHECK(at_hub.has({"KEY_LEFTSHIFT"}));
    right.up("KEY_LEFTSHIFT");
    CHECK(reaches({}));
  }
  SECTION("one of them by dying") {
    desks["left"].kernel().signal(SIGKILL);
    desks.wait_link("hub", "left", "down");
    CHECK(at_hub.has({"KEY_LEFTSHIFT"}));
    right.up("KEY_LEFTSHIFT");
    CHECK(reaches({}));
  }
  CHECK(at_hub.count("KEY_LEFTSHIFT", true) == 1);
  CHECK(at_hub.count("KEY_LEFTSHIFT", false) == 1);
}
