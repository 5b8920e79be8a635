#include "tests/integration/control/ctl_run.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

// `dkvmctl links`, with link devices that the test plays.
using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr const char* kDevices =
    R"({"devices":[{"name":"keyboard","type":"dummy-keyboard-source","state":"running"},)"
    R"({"name":"server","type":"tcp-server","state":"running"},)"
    R"({"name":"client","type":"tcp-client","state":"degraded"},)"
    R"({"name":"spare","type":"tcp-client","state":"stopped"}]})";

constexpr const char* kLaptop =
    R"({"links":[{"peer":"laptop","device":"server","state":"up","reason":"","since_s":3725,)"
    R"("address":"192.168.1.7:40312","fingerprint":"sha256:00112233445566778899aabbccddeeff)"
    R"(00112233445566778899aabbccddeeff","rtt_us":412,"offset_us":-1234,"offset_error_us":206,)"
    R"("sent_bytes":13002342,"received_bytes":2048,"sent_bytes_per_s":1048576.5,)"
    R"("received_bytes_per_s":0,"queue_bytes":4096,"drops":1234,"dropped":{"stale":0,"late":1230,)"
    R"("oversize":0,"unasked":0,"refused":4},"calls_refused":2,"streams":[]}],)"
    R"("listening":["0.0.0.0:24860"],"unknown":["dsek","tablet"],"next":"laptop"})";

constexpr const char* kCouch =
    R"({"links":[{"peer":"couch","device":"server","state":"refused","since_s":12,)"
    R"("reason":"it is \u001b[31mnot trusted","fingerprint":"sha256:ff"}],)"
    R"("listening":["0.0.0.0:24860"]})";

constexpr const char* kDesk =
    R"({"links":[{"peer":"desk","state":"connecting","reason":"","since_s":1}],"listening":[],)"
    R"("unknown":["laptop","tablet"]})";

struct Desk {
  Desk() {
    kernel.on("devices.list", kDevices);
    kernel.on("links.list", [](const wire::RequestT& call) {
      if (call.target == "client") return Answer(kDesk);
      const bool second = call.body.find("\"after\":\"laptop\"") != std::string::npos;
      return Answer(second ? kCouch : kLaptop);
    });
    REQUIRE(kernel.ready());
  }
  std::size_t asked(const std::string& target) const {
    std::size_t count = 0;
    for (const auto& call : kernel.requests) count += call.target == target ? 1 : 0;
    return count;
  }

  TempDir directory;
  FakeKernel kernel{directory.path()};
};

Answer denied(const std::string& target) {
  return Answer(fail(Errc::denied, "'control' has no grant for 'links.list' at '" + target + "'"));
}

}  // namespace

TEST_CASE("links shows the links of all link devices in one table, with the reasons below") {
  Desk desk;
  CtlRun run(desk.kernel, {"links"});
  CHECK(run.exit_code() == 0);
  CHECK(run.err().empty());
  CHECK(run.out() ==
        "PEER    DEVICE  STATE         FOR     RTT            OFFSET                  SENT  REC"
        "EIVED    QUEUE  DROPS  ADDRESS            FINGERPRINT\n"
        "laptop  server  up          1h 2m  412 µs  -1.2 ms ± 206 µs  12.4 MiB (1.0 MiB/s)   2."
        "0 KiB  4.0 KiB  1,234  192.168.1.7:40312  sha256:0011223344556677\n"
        "couch   server  refused       12s                                                     "
        "                                          sha256:ff\n"
        "desk    client  connecting     1s\n"
        "\n"
        "couch is refused: it is \\x1b[31mnot trusted\n"
        "laptop has dropped: 1,230 late, 4 refused\n"
        "laptop has had 2 calls overloaded\n"
        "spare makes no links: it is stopped\n"
        "server listens at 0.0.0.0:24860\n");
  CHECK(desk.asked("server") == 2);
  CHECK(desk.asked("client") == 1);
  CHECK(desk.asked("keyboard") == 0);
  CHECK(desk.asked("spare") == 0);
}

TEST_CASE("links as JSON has every figure, and the device of each link") {
  Desk desk;
  CtlRun run(desk.kernel, {"links", "--json"});
  CHECK(run.exit_code() == 0);
  const auto answer = nlohmann::json::parse(run.out(), nullptr, false);
  REQUIRE(answer.is_object());
  REQUIRE(answer["links"].size() == 3);
  CHECK(answer["links"][0]["offset_us"] == -1234);
  CHECK(answer["links"][2]["device"] == "client");
  REQUIRE(answer["listening"].size() == 1);
  CHECK(answer["listening"][0]["device"] == "server");
  CHECK(answer["listening"][0]["address"] == "0.0.0.0:24860");
}

TEST_CASE("a link device that may not be asked hides no other, and the grant is named") {
  Desk desk;
  desk.kernel.on("links.list", [](const wire::RequestT& call) {
    return call.target == "server" ? denied("server") : Answer(kDesk);
  });
  CtlRun run(desk.kernel, {"links"});
  CHECK(run.exit_code() == 1);
  CHECK(run.out().find("desk  client  connecting") != std::string::npos);
  CHECK(run.err().find("{target: server, methods: [links.list]}") != std::string::npos);
}

TEST_CASE("without link devices links says so") {
  Desk desk;
  desk.kernel.on("devices.list", R"({"devices":[{"name":"k","type":"x","state":"running"}]})");
  CtlRun run(desk.kernel, {"links"});
  CHECK(run.exit_code() == 0);
  CHECK(run.out() == "no device of type tcp-server or tcp-client is there to make links\n");
}

TEST_CASE("links names the peers of pipelines that no link device knows") {
  Desk desk;
  desk.kernel.on("devices.list",
                 R"({"devices":[{"name":"server","type":"tcp-server","state":"running"},)"
                 R"({"name":"client","type":"tcp-client","state":"degraded"}]})");
  CtlRun run(desk.kernel, {"links"});
  CHECK(run.exit_code() == 0);
  CHECK(run.out().find("pipelines name 'tablet', whom no link device knows: is that its name? "
                       "`dkvmctl pair` makes two machines know each other\n") != std::string::npos);
  CHECK(run.out().find("'laptop', whom") == std::string::npos);  // the server knows it
}
