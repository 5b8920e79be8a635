#include "devices/metrics/collector.hpp"

#include "devices/metrics/limits.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;
using namespace dkvm::metrics;

namespace {

// A kernel in a test: calls wait in it until they are answered.
class Answers {
 public:
  struct Asked {
    std::string target;
    std::string method;
    Json params;
    std::function<void(Answer)> on_answer;
  };

  Calls calls() {
    return {[this](const std::string& target, const std::string& method, const std::string& body,
                   std::function<void(Answer)> on_answer) -> Result<std::uint64_t> {
              if (refuses) return fail(Errc::overloaded, "256 calls wait");
              asked[++last] = {target, method, Json::parse(body), std::move(on_answer)};
              return last;
            },
            [this](std::uint64_t number) { cancelled += asked.erase(number); }};
  }

  // Answers everything, what is asked meanwhile too, until nobody asks any more.
  void answer_all(const std::function<Answer(const Asked&)>& answer) {
    while (!asked.empty()) {
      const Asked next = std::move(asked.begin()->second);
      asked.erase(asked.begin());
      next.on_answer(answer(next));
    }
  }

  std::map<std::uint64_t, Asked> asked;
  std::uint64_t last = 0;
  std::size_t cancelled = 0;
  bool refuses = false;
};

Answer empty(const Answers::Asked& asked) {
  return asked.method == "kernel.info" ? R"({"name":"desk"})" : "{}";
}

struct Collected {
  Answers kernel;
  Collector collector{kernel.calls()};
  std::optional<Snapshot> seen;
  int times = 0;

  Collected() {
    collector.collect([this](Snapshot snapshot) {
      seen = std::move(snapshot);
      ++times;
    });
  }
};

}  // namespace

TEST_CASE("a snapshot is there when every list has ended, page by page") {
  Collected it;
  CHECK(it.collector.busy());
  it.kernel.answer_all([](const Answers::Asked& asked) -> Answer {
    if (asked.method != "devices.list") return empty(asked);
    const std::string after = asked.params.value("after", "");
    if (after.empty()) return R"({"devices":[{"name":"a"},{"name":"b"}],"next":"b"})";
    if (after == "b") return R"({"devices":[{"name":"c"}],"next":"c"})";
    return R"({"devices":[{"name":"d"}]})";
  });
  REQUIRE(it.seen);
  CHECK(it.times == 1);
  CHECK(it.seen->devices.size() == 4);
  CHECK(it.seen->kernel.at("name") == "desk");
  CHECK(it.seen->failures.empty());
  CHECK_FALSE(it.collector.busy());
}

TEST_CASE("every device that makes links is asked for them, and a link says no other device") {
  Collected it;
  std::vector<std::string> asked_devices;
  it.kernel.answer_all([&](const Answers::Asked& asked) -> Answer {
    if (asked.method == "devices.list")
      return R"({"devices":[{"name":"net","type":"tcp-server","state":"running"},
                            {"name":"up","type":"tcp-client","state":"degraded"},
                            {"name":"dead","type":"tcp-client","state":"failed"},
                            {"name":"keys","type":"dummy-keyboard-source","state":"running"}]})";
    if (asked.method != "links.list") return empty(asked);
    asked_devices.push_back(asked.target);
    return R"({"links":[{"peer":"laptop","device":"another"}, 7]})";
  });
  REQUIRE(it.seen);
  CHECK(asked_devices == std::vector<std::string>{"net", "up"});
  REQUIRE(it.seen->links.size() == 2);
  CHECK(it.seen->links[0].at("device") == "net");
}

TEST_CASE("a call that is refused leaves the others alone") {
  Collected it;
  it.kernel.answer_all([](const Answers::Asked& asked) -> Answer {
    if (asked.method == "memory.stats") return fail(Errc::denied, "no grant");
    return empty(asked);
  });
  REQUIRE(it.seen);
  REQUIRE(it.seen->failures.size() == 1);
  CHECK(it.seen->failures[0].method == "memory.stats");
  CHECK(it.seen->failures[0].error.code() == Errc::denied);
  CHECK(it.seen->memory.is_null());
  CHECK_FALSE(it.seen->kernel.is_null());
}

TEST_CASE("a kernel that says nothing is given up, and its calls are taken back") {
  Collected it;
  it.kernel.asked.begin()->second.on_answer(Answer(R"({"name":"desk"})"));
  it.kernel.asked.erase(it.kernel.asked.begin());
  const std::size_t open = it.kernel.asked.size();
  it.collector.give_up();
  REQUIRE(it.seen);
  CHECK(it.times == 1);
  CHECK(it.kernel.cancelled == open);
  CHECK(it.seen->failures.size() == open);
  CHECK(it.seen->failures[0].error.code() == Errc::timeout);
  CHECK_FALSE(it.collector.busy());
  it.collector.give_up();
  CHECK(it.times == 1);
}

TEST_CASE("what is no answer is a failure") {
  for (const char* nonsense : {"", "nonsense", "[]", "7", "{\"devices\":"}) {
    Collected it;
    it.kernel.answer_all([&](const Answers::Asked& asked) -> Answer {
      return asked.method == "devices.list" ? Answer(nonsense) : empty(asked);
    });
    INFO(nonsense);
    REQUIRE(it.seen);
    REQUIRE(it.seen->failures.size() == 1);
    CHECK(it.seen->failures[0].error.code() == Errc::corrupt);
  }
}

TEST_CASE("a list that never ends is left") {
  Collected same;
  same.kernel.answer_all([](const Answers::Asked& asked) -> Answer {
    return asked.method == "devices.list" ? R"({"devices":[],"next":"same"})" : empty(asked);
  });
  REQUIRE(same.seen);
  CHECK(same.seen->failures.size() == 1);

  Collected growing;
  std::size_t pages = 0;
  growing.kernel.answer_all([&](const Answers::Asked& asked) -> Answer {
    if (asked.method != "devices.list") return empty(asked);
    return Json({{"devices", Json::array()}, {"next", std::to_string(++pages)}}).dump();
  });
  CHECK(growing.seen);
  CHECK(pages == kPagesPerListMax);
}

TEST_CASE("calls that cannot be made are failures at once") {
  Answers kernel;
  kernel.refuses = true;
  Collector collector(kernel.calls());
  std::optional<Snapshot> seen;
  collector.collect([&](Snapshot snapshot) { seen = std::move(snapshot); });
  REQUIRE(seen);
  CHECK(seen->kernel.is_null());
  CHECK(seen->failures.size() == 6);
}

TEST_CASE("a collector that goes takes its calls back") {
  Answers kernel;
  {
    Collector collector(kernel.calls());
    collector.collect([](const Snapshot&) { FAIL("nobody waits any more"); });
  }
  CHECK(kernel.asked.empty());
}
