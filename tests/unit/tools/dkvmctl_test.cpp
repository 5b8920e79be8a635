#include "tools/dkvmctl/failure.hpp"
#include "tools/dkvmctl/json.hpp"
#include "tools/dkvmctl/socket_path.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace dkvm;
using namespace dkvm::ctl;

namespace {

using Variables = std::map<std::string, std::string>;

SocketPaths paths_with(const std::string& option, const Variables& variables) {
  return socket_paths(option, 1000, [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

CallError answered(Errc code, const std::string& message) {
  return {CallError::Kind::answered, Error(code, message), "kernel", "devices.list"};
}

}  // namespace

TEST_CASE("what names the socket names the only one, the option first") {
  const Variables all = {
      {"DKVM_SOCKET", "/s"}, {"DKVM_RUNTIME_DIR", "/r"}, {"XDG_RUNTIME_DIR", "/x"}};
  CHECK(paths_with("/o", all).paths == std::vector<std::string>{"/o"});
  CHECK(paths_with("", all).paths == std::vector<std::string>{"/s"});
  CHECK(paths_with("", {{"DKVM_SOCKET", ""}, {"DKVM_RUNTIME_DIR", "/r"}}).paths ==
        std::vector<std::string>{"/r/control.sock"});
  CHECK(paths_with("", all).named);
}

TEST_CASE("otherwise the usual places are tried in order, and are trusted less") {
  const auto usual = paths_with("", {{"XDG_RUNTIME_DIR", "/x"}});
  CHECK(usual.paths == std::vector<std::string>{"/x/dkvm/control.sock", "/run/dkvm/control.sock",
                                                "/tmp/dkvm-1000/control.sock"});
  CHECK_FALSE(usual.named);
  CHECK(paths_with("", {}).paths.size() == 2);
}

TEST_CASE("every way to fail has its exit code") {
  const auto code = [](CallError::Kind kind, Errc errc) {
    return exit_code_of({kind, Error(errc, ""), "", ""});
  };
  CHECK(code(CallError::Kind::answered, Errc::denied) == 1);
  CHECK(code(CallError::Kind::answered, Errc::disconnected) == 1);
  CHECK(code(CallError::Kind::usage, Errc::invalid) == 2);
  CHECK(code(CallError::Kind::no_kernel, Errc::disconnected) == 3);
  CHECK(code(CallError::Kind::ended, Errc::disconnected) == 3);
  CHECK(code(CallError::Kind::lost, Errc::disconnected) == 3);
  CHECK(code(CallError::Kind::cut_off, Errc::disconnected) == 3);
  CHECK(code(CallError::Kind::output, Errc::exhausted) == 1);
  CHECK(code(CallError::Kind::late, Errc::timeout) == 4);
  CHECK(code(CallError::Kind::answered, Errc::timeout) == 4);
}

TEST_CASE("a denied call names the device and the grant that it lacks") {
  const CallError denied =
      answered(Errc::denied, "'door' has no grant for 'devices.list' at 'kernel'");
  CHECK(explain(denied) ==
        "devices.list: denied: 'door' has no grant for 'devices.list' at 'kernel'\n"
        "In kvm.yaml, the `grants` of device 'door' lack:\n"
        "  - {target: kernel, methods: [devices.list]}");
  CallError other = denied;
  other.method = "kernel.info";
  CHECK(explain(joined({denied, other})) ==
        "devices.list, kernel.info: denied: 'door' has no grant for 'devices.list', "
        "'kernel.info' at 'kernel'\n"
        "In kvm.yaml, the `grants` of device 'door' lack:\n"
        "  - {target: kernel, methods: [devices.list, kernel.info]}");
}

TEST_CASE("what a device refuses for reasons of its own is no matter of grants") {
  const CallError denied = answered(Errc::denied, "the door is locked");
  CHECK_FALSE(lacks_grant(denied));
  CHECK(explain(denied) == "devices.list: denied: the door is locked");
}

TEST_CASE("a message keeps its lines and cannot steer the terminal") {
  CHECK(explain(answered(Errc::invalid, "one\nb\x1b[2J")) ==
        "devices.list: invalid: one\nb\\x1b[2J");
}

TEST_CASE("errors of a file begin their lines, where editors look for them") {
  CHECK(explain(answered(Errc::invalid, "a.yaml:1:2: x\na.yaml:3:4: y")) ==
        "devices.list: invalid:\na.yaml:1:2: x\na.yaml:3:4: y");
}

TEST_CASE("a failure is one line of JSON for programs") {
  CHECK(as_json(answered(Errc::invalid, "a\nb")) ==
        R"({"error":{"code":"invalid","message":"a\nb","target":"kernel",)"
        R"("method":"devices.list"}})");
  CHECK(as_json({CallError::Kind::usage, Error(Errc::invalid, "no"), {}, {}}) ==
        R"({"error":{"code":"invalid","message":"no"}})");
}

TEST_CASE("codes are known by their names") {
  CHECK(errc_of("denied") == Errc::denied);
  CHECK(errc_of("invalid") == Errc::invalid);
  CHECK(errc_of("internal") == Errc::internal);
  CHECK(errc_of("of a later version") == Errc::internal);
}

TEST_CASE("fields that are missing or of another type read as nothing") {
  const Json object =
      Json::parse(R"({"t":"x","n":2.5,"c":7,"neg":-7,"b":true,"l":["a",1,"b"],"z":null})");
  CHECK(text_of(object, "t") == "x");
  CHECK(text_of(object, "c") == "7");
  CHECK(text_of(object, "z").empty());
  CHECK(text_of(object, "none").empty());
  CHECK(number_of(object, "n") == 2.5);
  CHECK(number_of(object, "t") == 0);
  CHECK(count_of(object, "c") == 7);
  CHECK(count_of(object, "neg") == 0);
  CHECK(flag_of(object, "b"));
  CHECK_FALSE(flag_of(object, "t"));
  CHECK(joined(list_of(object, "l")) == "a, b");
  CHECK(list_of(object, "t").empty());
  CHECK(text_of(Json(), "t").empty());
  CHECK(text_of(Json::array(), "t").empty());
}
