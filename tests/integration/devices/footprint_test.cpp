#include "tests/support/fake_kernel.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kBin = DKVM_BIN_DIR "/dkvm-";

}  // namespace

TEST_CASE("every device installed has a manifest beside it that is its own --describe") {
  for (const char* type :
       {"dummy-keyboard-source", "dummy-keyboard-sink", "dummy-mouse-source", "dummy-mouse-sink",
        "dummy-display-source", "dummy-display-sink", "dummy-audio-source", "dummy-audio-sink"}) {
    INFO(type);
    const auto manifest =
        nlohmann::json::parse(read_file(kBin + type + ".manifest.json"), nullptr, false);
    REQUIRE(manifest.is_object());
    CHECK(manifest["type"] == type);
    FakeKernel kernel({kBin + type});
    const auto hello = kernel.wait(wire::FrameKind::hello).as<wire::HelloT>();
    CHECK(hello.type == type);
    REQUIRE(hello.ports.size() == manifest["ports"].size());
    CHECK(hello.ports[0]->name == manifest["ports"][0]["name"]);
    CHECK(hello.ports[0]->topics == manifest["ports"][0]["topics"].get<std::vector<std::string>>());
    CHECK(hello.cleanup == manifest["cleanup"]);
    CHECK(hello.fds == manifest["fds"]);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

long resident_kb(pid_t pid) {
  std::istringstream status(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stol(line.substr(6));
  return 0;
}

}  // namespace

TEST_CASE("a running dummy device has at most 5 MB resident") {
  const TempDir dir;
  const auto path = dir.file("mouse.jsonl", "{\"t\":0,\"motion\":[1,2]}\n");
  for (const char* type : {"dummy-mouse-source", "dummy-mouse-sink"}) {
    FakeKernel kernel({kBin + type}, {{"DKVM_CONFIG_FILE", path}});
    kernel.greet();
    kernel.send({.kind = wire::FrameKind::ping});
    kernel.wait(wire::FrameKind::pong);
    const long resident = resident_kb(kernel.pid());
    CHECK(resident > 0);
    CHECK(resident <= 5 * 1024);
  }
}
#endif
