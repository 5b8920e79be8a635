#include "tests/integration/control/ctl_run.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Json = nlohmann::json;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A log that answers log.read as a kernel does: what comes after `after`, in
// pages, and a call that waits when there is nothing.
class FakeLog {
 public:
  explicit FakeLog(FakeKernel& kernel) : kernel_(kernel) { listen(); }

  void add(const std::string& source, const std::string& text) {
    records_.push_back({{"sequence", records_.size() + 1},
                        {"time", "2026-01-02T03:04:05.678Z"},
                        {"level", "info"},
                        {"source", source},
                        {"text", text}});
  }

  // Gives the call that waits its records; later calls are answered as before.
  void deliver() {
    REQUIRE(kernel_.until([this] { return kernel_.waiting.size() == 1; }));
    kernel_.answer_waiting("log.read", page(delivered_));
  }

  static constexpr std::uint64_t kPage = 3;
  Json last_query;
  std::vector<Json> queries;

 private:
  void listen() {
    kernel_.on("log.read", [this](const wire::RequestT& call) {
      last_query = Json::parse(call.body);
      queries.push_back(last_query);
      return page(start_of(last_query));
    });
    kernel_.hold_if("log.read", [this](const wire::RequestT& call) {
      const Json query = Json::parse(call.body);
      return query.contains("wait_ms") && start_of(query) >= records_.size();
    });
  }

  std::uint64_t start_of(const Json& query) const {
    const std::uint64_t last = query.value("last", std::uint64_t{0});
    const std::uint64_t all = records_.size();
    return query.contains("last") ? all - std::min(last, all) : query.value("after", all);
  }

  Answer page(std::uint64_t after) {
    const std::uint64_t end = std::min<std::uint64_t>(after + kPage, records_.size());
    Json answer = {{"records", Json::array()}, {"next", end}, {"lost", 0}};
    for (std::uint64_t at = after; at < end; ++at) answer["records"].push_back(records_[at]);
    delivered_ = end;
    return answer.dump();
  }

  FakeKernel& kernel_;
  std::vector<Json> records_;
  std::uint64_t delivered_ = 0;
};

struct Desk {
  Desk() {
    REQUIRE(kernel.ready());
    for (int i = 1; i <= 10; ++i) log.add("keyboard", "line " + std::to_string(i));
  }
  TempDir directory;
  FakeKernel kernel{directory.path()};
  FakeLog log{kernel};
};

}  // namespace

TEST_CASE("logs begins at the last lines and reads on from there") {
  Desk desk;
  CtlRun run(desk.kernel, {"logs", "-n", "2"});
  CHECK(run.exit_code() == 0);
  CHECK(run.out() ==
        "2026-01-02 03:04:05.678  info     keyboard      line 9\n"
        "2026-01-02 03:04:05.678  info     keyboard      line 10\n");
  CHECK(desk.log.queries.front() == Json({{"last", 2}}));
  CHECK(desk.log.queries.size() <= 2);
  CtlRun json(desk.kernel, {"logs", "--json", "--device", "keyboard", "--level", "warning"});
  CHECK(json.exit_code() == 0);
  CHECK(Json::parse(json.out())["records"].size() == 10);
  CHECK(desk.log.last_query["device"] == "keyboard");
  CHECK(desk.log.last_query["level"] == "warning");
}

TEST_CASE("logs -f goes on with what is logged and ends well at Ctrl-C") {
  Desk desk;
  CtlRun run(desk.kernel, {"logs", "-f", "-n", "1"});
  REQUIRE(run.prints("line 10\n"));
  desk.log.add("mouse", "line 11");
  desk.log.deliver();
  REQUIRE(run.prints("mouse         line 11\n"));
  CHECK_FALSE(has(run.out(), "line 9\n"));
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  run.process().signal(SIGINT);
  CHECK(run.exit_code() == 0);
  CHECK(run.err().empty());
  CHECK(desk.kernel.until([&] { return desk.kernel.cancelled.size() == 1; }));
}

TEST_CASE("logs -f with --json gives one record a line") {
  Desk desk;
  CtlRun run(desk.kernel, {"logs", "-f", "-n", "0", "--json"});
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  desk.log.add("mouse", "eleven");
  desk.log.deliver();
  REQUIRE(run.prints("\n"));
  CHECK(Json::parse(run.out())["text"] == "eleven");
}

TEST_CASE("logs -f ends well, with a word, when the kernel is stopped") {
  Desk desk;
  CtlRun run(desk.kernel, {"logs", "-f", "-n", "1"});
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  desk.kernel.send(wire::FrameKind::stop);
  CHECK(run.exit_code() == 0);
  CHECK(run.err() == "dkvmctl: the kernel or its control device was stopped: nothing follows\n");
}

TEST_CASE("logs -f fails when the control device is killed, and claims no deed") {
  Desk desk;
  CtlRun run(desk.kernel, {"logs", "-f", "-n", "1"});
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  desk.kernel.device().signal(SIGKILL);
  CHECK(run.exit_code() == 3);
  CHECK(has(run.err(), "log.read: the connection was lost: it was closed before the answer"));
  CHECK_FALSE(has(run.err(), "happened"));
}

TEST_CASE("watch shows events as they pass, with codes only if asked") {
  Desk desk;
  const std::string events =
      R"({"events":[{"sequence":8,"time":"2026-01-02T03:04:05.678Z","pipeline":"typing",)"
      R"("from":"keyboard","to":"recorder","topic":"key","text":"down","down":true,"code":"KEY_A"}],"next":8,"lost":3})";
  CtlRun run(desk.kernel, {"watch", "typing"});
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  const Json first = Json::parse(desk.kernel.requests.back().body);
  CHECK(first["pipeline"] == "typing");
  CHECK_FALSE(first.contains("after"));
  CHECK_FALSE(first.contains("codes"));
  desk.kernel.answer_waiting("pipelines.watch", events);
  CHECK(run.prints("03:04:05.678  typing  keyboard → recorder  key  down KEY_A\n"));
  CHECK(run.prints_error("dkvmctl: 3 more were not shown"));
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  CHECK(Json::parse(desk.kernel.requests.back().body)["after"] == 8);
  run.process().signal(SIGTERM);
  CHECK(run.exit_code() == 0);

  CtlRun with_codes(desk.kernel, {"watch", "--codes", "--json"});
  REQUIRE(desk.kernel.until(
      [&] { return Json::parse(desk.kernel.requests.back().body).value("codes", false); }));
  with_codes.process().signal(SIGINT);
  CHECK(with_codes.exit_code() == 0);
}
