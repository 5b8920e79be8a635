#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

// A peer is trusted to be who it is, and with nothing else: what it lies costs it its
// link, and nobody else notices.
using namespace dkvm::test;

namespace {

// What each liar says at its end, and links.list of it while it is cut off.
using Lies = std::vector<std::pair<std::string, std::string>>;

const std::string kAlive = "alive";
constexpr std::uint64_t kGrowthBytesMax = 24 * 1024 * 1024;

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib * 1024;
    }
  return 0;
}

// A desk with an honest laptop that types on it all the time, and peers that lie, each
// with pipelines of its own.
class Liars {
 public:
  explicit Liars(std::vector<std::string> names, const std::string& link_config = "")
      : names_(std::move(names)) {
    std::string pipelines = "  - {name: typing, from: link/laptop/keys, to: typed}\n";
    for (const std::string& name : names_) {
      desks_.trust_stranger("desk", name);
      pipelines += "  - {name: in-" + name + ", from: [link/" + name + "/lies, link/" + name +
                   "/pictures, link/" + name + "/more], to: hole}\n";
      pipelines += "  - {name: out-" + name + ", from: local, to: link/" + name + "/keys}\n";
      pipelines += "  - {name: show-" + name + ", from: lamp, to: link/" + name + "/screen}\n";
    }
    const std::string devices =
        "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
        "  hole: {exec: [" DKVM_HOP_SINK
        "], config: {file: /dev/null}}\n"
        "  lamp: {type: dummy-display-source, config: {size: 128x32, fps: 20}}\n";
    desks_.start("desk", devices + local_.yaml(), pipelines, link_config);
    desks_.start("laptop", far_.yaml(), "  - {name: typing, from: keyboard, to: link/desk/keys}\n");
    desks_.wait_stream("desk", "laptop", "keys");
    link_pid_ = desk().pid("network");
    since_ = desks_.link("desk", "laptop").at("since_s").get<double>();
    kernel_bytes_ = resident_bytes(desk().kernel().pid());
    link_bytes_ = resident_bytes(link_pid_);
  }

  Desk& desk() { return desks_["desk"]; }
  LinkedDesks& desks() { return desks_; }

  // Lets one lie; its output is there when it is done.
  void tell(const std::string& name, const std::string& more = "") {
    std::FILE* liar = ::popen(
        (std::string(DKVM_LIES_OVER_LINKS) + " " + name + " " + desk().path("stranger-" + name) +
         " " + desks_.port("desk") + " " + more + " 2>/dev/null")
            .c_str(),
        "re");
    REQUIRE(liar != nullptr);
    running_.emplace_back(name, liar);
  }
  std::string said(std::size_t index) {
    std::string text;
    char bytes[512];
    std::FILE* liar = running_[index].second;
    while (std::fgets(bytes, sizeof(bytes), liar) != nullptr) text += bytes;
    ::pclose(liar);
    return text;
  }
  void tap() {
    far_.tap("KEY_A");
    ++taps_;
  }

  void check_others() {
    INFO(desk().log());
    REQUIRE(eventually(kPatience, [&] { return typed_.count("KEY_A", false) >= taps_; }));
    CHECK(typed_.count("KEY_A", true) == taps_);
    CHECK(desk().pid("network") == link_pid_);
    for (const char* name : {"network", "typed", "hole", "lamp", "local"})
      CHECK(desk().device(name).at("incarnation") == 1);
    const Json link = desks_.link("desk", "laptop");
    CHECK(link.at("state") == "up");
    CHECK(link.at("drops") == 0);
    CHECK(link.at("since_s").get<double>() > since_);  // all the time
    CHECK(resident_bytes(desk().kernel().pid()) < kernel_bytes_ + kGrowthBytesMax);
    CHECK(resident_bytes(link_pid_) < link_bytes_ + kGrowthBytesMax);
  }

 private:
  std::vector<std::string> names_;
  LinkedDesks desks_;
  Source local_{desks_["desk"], "local"};
  Source far_{desks_["laptop"], "keyboard"};
  SinkFile typed_{desks_["desk"].path("typed.jsonl")};
  std::vector<std::pair<std::string, std::FILE*>> running_;
  std::size_t taps_ = 0;
  pid_t link_pid_ = 0;
  double since_ = 0;
  std::uint64_t kernel_bytes_ = 0;
  std::uint64_t link_bytes_ = 0;
};

void tell_all(const Lies& lies) {
  std::vector<std::string> names;
  for (const auto& [name, reason] : lies) names.push_back(name);
  Liars liars(names);
  for (const std::string& name : names) {
    liars.tell(name);
    liars.tap();
  }
  for (std::size_t i = 0; i < lies.size(); ++i) {
    const auto& [name, reason] = lies[i];
    const std::string said = liars.said(i);
    INFO(name << ": " << said);
    liars.tap();
    if (reason == kAlive) {
      CHECK(said == "alive\n");
      continue;
    }
    CHECK_THAT(said, Catch::StartsWith("cut: "));
    const Json link = liars.desks().link("desk", name);
    INFO(link);
    CHECK(link.at("state") == "refused");
    CHECK_THAT(link.at("reason").get<std::string>(), Catch::Contains(reason));
  }
  liars.check_others();
}

}  // namespace

TEST_CASE("A peer that forges events loses its link, and nobody else notices") {
  tell_all({{"no-hops", "without a hop stamp"},
            {"foreign-hop", "whose last hop is another kernel"},
            {"our-origin", "an event of this kernel that was never here"},
            {"seven-hops", kAlive},
            {"eight-hops", kAlive},
            {"undeclared-topic", kAlive},
            {"unnamed-topic", "which has no name"},
            {"no-payload", "whose payload is none"},
            {"garbage-payload", "whose payload is none"},
            {"no-sequence", "an event without a number"},
            {"odd-times", kAlive},
            {"buffer-on-input", "1 buffers, the first of 1073741824 bytes"},
            {"body-cut-short", "before the body of the last one"},
            {"chunk-of-nothing", "a chunk of an event that did not come"},
            {"bulk-on-input", "an event of a bulk stream on the input connection"}});
}

TEST_CASE("A peer that opens what it may not loses its link, and nobody else notices") {
  tell_all({{"stream-twice", "opens stream 1 twice"},
            {"name-twice", "opens stream 'lies' twice"},
            {"many-streams", "more than 256 streams"},
            {"many-topics", "holds more or longer items than the protocol allows"},
            {"topics-and-one", "a stream of 64 topics, expected at most 63"},
            {"long-topic", "holds more or longer items than the protocol allows"},
            {"all-own-topics", kAlive},
            {"opens-and-closes", "opens, refuses or enlarges streams too often"},
            {"takes-and-gives-back", "opens, refuses or enlarges streams too often"},
            {"ever-larger-slots", "opens, refuses or enlarges streams too often"},
            {"many-names", "holds more or longer items than the protocol allows"},
            {"second-hello", "hello"},
            {"welcome", "no place on the input connection"},
            {"release", "no place on the input connection"},
            {"pool-mapped", "no place on the input connection"},
            {"input-slots", "no"},
            {"garbage-offer", "no valid"},
            {"garbage-call", "no valid"},
            {"garbage-answer", "no valid"}});
}

TEST_CASE("What a peer may not say upstream or call is refused or counted") {
  tell_all({{"key-upstream", "topic 1 upstream"},
            {"grab-upstream", kAlive},
            {"calls", kAlive},
            {"large-calls", kAlive},
            {"long-caller", "holds more or longer items than the protocol allows"},
            {"call-twice", "makes call 5 while that waits"}});
}

TEST_CASE("A peer that lies about buffers loses its link, and nobody else notices") {
  tell_all({{"slots-of-nothing", "slots of 0 bytes"},
            {"huge-slots", kAlive},
            {"slot-not-granted", "slot 4711 of stream 2, which is not granted"},
            {"beyond-its-slot", "1073741824 bytes for a slot of"},
            {"chunk-elsewhere", "a chunk of 512 bytes at 512 of 1024"},
            {"too-much-chunk", "a chunk of 2048 bytes at 0 of 1024"},
            {"bulk-chunk-of-nothing", "a chunk of an event that did not come"},
            {"bulk-two-buffers", "an event with 2 buffers"},
            {"bulk-no-hops", "without a hop stamp"},
            {"bulk-call", "a frame of kind 5"},
            {"bulk-noise", "does not begin with the magic"},
            {"bulk-4-gigabytes", "more than 65536 payload bytes"},
            {"bulk-falling-slots", "grants slot 9 out of order"}});
}

TEST_CASE("Five thousand damaged frames of a peer hurt nobody else") {
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  Liars liars({"mutants"}, ", cut_pause: 0ms");
  liars.tell("mutants", std::to_string(seed));
  for (int i = 0; i < 20; ++i) liars.tap();
  const std::string said = liars.said(0);
  INFO(said);
  CHECK_THAT(said, Catch::StartsWith("told 5000, cut "));
  liars.tap();
  liars.check_others();
}
