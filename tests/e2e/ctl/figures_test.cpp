#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <string>

// latency, memory, stats and graph at a kernel that is at work.
using namespace dkvm::test;

namespace {

const std::string kYaml =
    "devices:\n"
    "  keyboard: {type: dummy-keyboard-source, config: {file: " DKVM_SOURCE_DIR
    "/config/examples/keys.jsonl, mode: loop, rate: 200}}\n"
    "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
    "  spare: {type: dummy-keyboard-sink, enabled: false, config: {file: spare.jsonl}}\n"
    "  screen: {type: dummy-display-source, config: {size: 320x200, fps: 30}}\n"
    "  seen: {type: dummy-display-sink}\n"
    "pipelines:\n"
    "  - {name: typing, from: keyboard, to: typed}\n"
    "  - {name: showing, from: screen, to: seen}\n";

struct Busy {
  Desk desk;

  Busy() {
    desk.start(kYaml);
    REQUIRE(eventually(kPatience, [&] {
      const Json all = desk.ctl("latency");
      std::size_t done = 0;
      for (const Json& edge : all.at("edges"))
        if (edge.at("latency").at("whole").at("count") > 10) ++done;
      return done == 2;
    }));
  }
  Finished people(const std::string& arguments) const {
    return run_program(DKVM_BIN_DIR "/dkvmctl --socket " + desk.socket() + " " + arguments);
  }
};

const Json& named(const Json& list, const char* key, const std::string& name) {
  for (const Json& each : list)
    if (each.at(key) == name) return each;
  FAIL("nothing is called " << name << " in " << list.dump());
  return list;
}

}  // namespace

TEST_CASE("latency tells each hop of each edge, and the hops add up") {
  const Busy busy;
  const Json all = busy.desk.ctl("latency typing");
  REQUIRE(all.at("edges").size() == 1);
  const Json& edge = all.at("edges").front();
  CHECK(edge.at("from") == "keyboard/keyboard");
  CHECK(edge.at("to") == "typed/keyboard");
  for (const char* hop : {"captured", "queued", "applied", "whole"}) {
    const Json& latency = edge.at("latency").at(hop);
    INFO(hop << " " << latency.dump());
    CHECK(latency.at("count") > 10);
    CHECK(latency.at("p50_us") <= latency.at("p99_us"));
    CHECK(latency.at("p99_us") <= latency.at("p999_us"));
    CHECK(latency.at("p999_us") <= latency.at("max_us"));
  }
  const Finished text = busy.people("latency");
  INFO(text.output);
  CHECK(text.output.find("PIPELINE  EDGE") == 0);
  CHECK(text.output.find("captured") != std::string::npos);
  CHECK(text.output.find("showing") != std::string::npos);
  const Finished slip = busy.people("latency tiping");
  CHECK(slip.status == 1);
  CHECK(slip.output.find("did you mean 'typing'?") != std::string::npos);
}

TEST_CASE("memory tells pools with their leases, and what each process takes") {
  Busy busy;
  const Json all = busy.desk.ctl("memory");
  CHECK(all.at("pool_count") == 1);
  const Json& pool = all.at("pools").front();
  CHECK(pool.at("device") == "screen");
  CHECK(pool.at("consumers").front().at("device") == "seen");
  const Json& processes = all.at("processes");
  CHECK(processes.size() == 6);  // the kernel, four devices that run, and control
  const Json& kernel = named(processes, "name", "kernel");
  CHECK(kernel.at("pid") == busy.desk.kernel().pid());
  CHECK(kernel.at("pss_bytes") > 0);
  CHECK(kernel.at("pss_bytes") <= kernel.at("rss_bytes"));
  const Finished text = busy.people("memory");
  INFO(text.output);
  CHECK(text.output.find("1 pool, ") == 0);
  CHECK(text.output.find("LEASES") != std::string::npos);
  CHECK(text.output.find("PSS") != std::string::npos);
}

TEST_CASE("stats tells rates of the time between its two looks") {
  const Busy busy;
  const Json all = busy.desk.ctl("stats --interval 500ms");
  const Json& typing = named(all.at("edges"), "pipeline", "typing");
  // 200 a second are played; a busy machine may be late, but cannot be early for long.
  CHECK(typing.at("delivered_per_s") > 20);
  CHECK(typing.at("delivered_per_s") < 1000);
  CHECK(named(all.at("devices"), "name", "typed").at("got_per_s") == typing.at("delivered_per_s"));
  CHECK(named(all.at("devices"), "name", "keyboard").at("sent_per_s") ==
        typing.at("delivered_per_s"));
  CHECK(named(all.at("devices"), "name", "spare").at("state") == "stopped");
  CHECK(all.at("kernel").at("events_per_s") > 20);
  const Finished text = busy.people("stats --interval 100ms");
  INFO(text.output);
  CHECK(text.output.find("desk, dKVM ") == 0);
  CHECK(text.output.find("DELIVERED/s") != std::string::npos);
}

TEST_CASE("stats -f goes on until it is told to end") {
  const Busy busy;
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl",
                   "--socket",
                   busy.desk.socket(),
                   "--json",
                   "stats",
                   "-f",
                   "--interval",
                   "50ms"};
  setup.out = busy.desk.path("stats.out");
  Child stats(setup);
  const auto lines = [&] {
    const std::string text = read_text(setup.out);
    return std::count(text.begin(), text.end(), '\n');
  };
  CHECK(eventually(kPatience, [&] { return lines() >= 3; }));
  stats.signal(SIGTERM);
  REQUIRE(eventually(kPatience, [&] { return stats.ended().has_value(); }));
  CHECK(stats.ended() == 0);
}

TEST_CASE("graph draws a kernel at work, and Graphviz takes it") {
  const Busy busy;
  const Finished dot = busy.people("graph --interval 100ms");
  INFO(dot.output);
  CHECK(dot.status == 0);
  CHECK(dot.output.find("digraph \"desk\"") == 0);
  CHECK(dot.output.find("\"keyboard\" -> \"typed\" [label=\"typing\\n") != std::string::npos);
  CHECK(dot.output.find("spare\\ndummy-keyboard-sink\\nstopped") != std::string::npos);
  const std::string svg = busy.desk.path("graph.svg");
  const Finished drawn = busy.people("graph --svg --interval 100ms -o " + svg);
  INFO(drawn.output);
  REQUIRE(drawn.status == 0);
  const std::string picture = read_text(svg);
  CHECK(picture.find("<svg") != std::string::npos);
  CHECK(picture.find(">typing<") != std::string::npos);
  CHECK(picture.find(">screen<") != std::string::npos);
}

TEST_CASE("graph draws what a file says, without a kernel") {
  const std::string command = DKVM_BIN_DIR "/dkvmctl --socket /nowhere graph --config ";
  const Finished desk = run_program(command + DKVM_SOURCE_DIR "/config/examples/desk.yaml");
  INFO(desk.output);
  CHECK(desk.status == 0);
  CHECK(desk.output.find("\"link/laptop\" -> \"picture\" [label=\"packets\"") != std::string::npos);
  CHECK(desk.output.find("\"input\" -> \"link/laptop\" [label=\"desk: laptop\"") !=
        std::string::npos);
  const Finished missing = run_program(command + "/nowhere.yaml");
  CHECK(missing.status == 1);
  CHECK(missing.output.find("/nowhere.yaml") != std::string::npos);
}

TEST_CASE("without Graphviz --svg says what to install") {
  const Finished run =
      run_program("PATH=/nowhere " DKVM_BIN_DIR "/dkvmctl graph --svg --config " DKVM_SOURCE_DIR
                  "/config/examples/desk.yaml");
  CHECK(run.status == 1);
  CHECK(run.output.find("apt install graphviz") != std::string::npos);
}
