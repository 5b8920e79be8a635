#include "tests/e2e/linked_desks.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdio>
#include <string>

// Calls over a link: to a kernel and to devices beyond it, under the grants of who calls.
using namespace dkvm::test;

namespace {

const std::string kPanel = "  panel: {exec: [" DKVM_CALL_PANEL "]}\n";
const std::string kGrants =
    "grants:\n"
    "  - {caller: \"link/desk:*\", target: panel, methods: [\"*\"]}\n"
    "  - {caller: \"link/desk:control\", target: kernel, methods: [devices.list]}\n";

struct Calls {
  LinkedDesks desks;

  explicit Calls(const std::string& grants = kGrants) {
    desks["desk"].grant("{target: \"link/laptop:kernel\", methods: [\"*\"]}");
    desks["desk"].grant("{target: \"link/laptop:panel\", methods: [\"*\"]}");
    desks["desk"].grant("{target: \"link/laptop:nobody\", methods: [\"*\"]}");
    desks["desk"].grant("{target: caller, methods: [flood]}");
    desks.start("desk",
                "  caller: {exec: [" DKVM_CALL_PANEL
                "], grants: [{target: \"link/laptop:panel\", methods: [keep]}]}\n",
                "");
    desks["laptop"].start("devices:\n" + desks.dialling("laptop", "desk", "network") + kPanel +
                          grants);
    desks.wait_link("desk", "laptop");
    desks.wait_link("laptop", "desk");
  }
  Desk& desk() { return desks["desk"]; }
  Finished call(const std::string& call) { return desk().try_ctl("call " + call); }
  std::string logs() { return desk().log() + "\n" + desks["laptop"].log(); }

  // Begins a call that the panel keeps; its output comes when it is over.
  std::FILE* begin() {
    std::FILE* caller = ::popen((std::string(DKVM_BIN_DIR "/dkvmctl --socket ") + desk().socket() +
                                 " call link/laptop:panel keep 2>&1")
                                    .c_str(),
                                "re");
    REQUIRE(caller != nullptr);
    return caller;
  }
  std::size_t kept(const char* which = "kept") {
    const Finished answer = call("link/laptop:panel kept");
    return answer.status == 0 ? Json::parse(answer.output).at(which).get<std::size_t>() : 0;
  }
  static std::string ended(std::FILE* caller) {
    std::string text;
    char bytes[512];
    while (std::fgets(bytes, sizeof(bytes), caller) != nullptr) text += bytes;
    ::pclose(caller);
    return text;
  }
};

}  // namespace

TEST_CASE("Devices and the kernel beyond a link are called by name, and know who calls") {
  Calls calls;
  INFO(calls.logs());
  CHECK(calls.desk().ctl("call link/laptop:panel who").at("caller") == "link/desk:control");
  CHECK(calls.desk().ctl("call link/laptop:kernel devices.list").at("devices").size() == 3);
  const Finished denied = calls.call("link/laptop:kernel kernel.info");
  CHECK(denied.status != 0);
  CHECK_THAT(denied.output, Catch::Contains("'link/desk:control' has no grant for 'kernel.info'"));
  CHECK(calls.call("link/laptop:nobody who").status != 0);
}

TEST_CASE("Without a grant of its own nothing beyond a link is called") {
  Calls calls("");
  for (const char* call : {"link/laptop:panel who", "link/laptop:kernel devices.list"}) {
    const Finished denied = calls.call(call);
    INFO(denied.output << calls.logs());
    CHECK(denied.status != 0);
    CHECK_THAT(denied.output, Catch::Contains("'link/desk:control' has no grant"));
  }
}

TEST_CASE("A call over a link that nobody answers any more is answered once, with why") {
  Calls calls;
  std::FILE* const caller = calls.begin();
  INFO(calls.logs());
  REQUIRE(eventually(kPatience, [&] { return calls.kept() == 1; }));
  SECTION("the link's device here dies") { calls.desk().kill("network", SIGKILL); }
  SECTION("the link's device there dies") { calls.desks["laptop"].kill("network", SIGKILL); }
  SECTION("the device that was called dies") { calls.desks["laptop"].kill("panel", SIGKILL); }
  SECTION("the kernel there dies") { calls.desks["laptop"].kernel().signal(SIGKILL); }
  const std::string said = Calls::ended(caller);
  INFO(said);
  CHECK_FALSE(said.empty());
  CHECK(said.find("kept") == std::string::npos);
}

TEST_CASE("A call whose caller waits no more is cancelled beyond the link, and makes room") {
  Calls calls;
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl", "--socket", calls.desk().socket(), "call",
                   "link/laptop:panel",     "keep",     "--timeout",           "60s"};
  setup.environment = {"PATH=/usr/bin:/bin"};
  setup.err = calls.desk().path("caller.log");
  Child caller(setup);
  INFO(calls.logs());
  REQUIRE(eventually(kPatience, [&] { return calls.kept() == 1; }));
  CHECK(calls.kept("cancelled") == 0);
  SECTION("it has gone") { caller.signal(SIGKILL); }
  SECTION("the device that called for it has gone") { calls.desk().kill("control", SIGKILL); }
  CHECK(eventually(kPatience, [&] { return calls.kept("cancelled") == 1; }));
  CHECK(calls.kept() == 1);
  CHECK(calls.desk().ctl("call link/laptop:panel who").at("caller") == "link/desk:control");
}

TEST_CASE("Of seventy calls at a time 64 wait over a link, and each has one answer") {
  Calls calls;
  INFO(calls.logs());
  const Json answers = calls.desk().ctl("call caller flood").at("answers");
  INFO(answers);
  REQUIRE(answers.size() == 70);
  std::size_t overloaded = 0;
  for (const Json& answer : answers) {
    REQUIRE(answer.is_string());
    if (answer.get<std::string>().find("64 calls of this peer wait") != std::string::npos)
      ++overloaded;
  }
  CHECK(overloaded == 6);
  CHECK(calls.desks.link("laptop", "desk").at("calls_refused") == 6);
  // Those whose time is over make room again.
  CHECK(calls.desk().ctl("call link/laptop:panel who").at("caller") == "link/desk:control");
}
