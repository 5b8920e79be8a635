#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <string>

// What a kernel does for devices that make links, with one that is its own far side.
using namespace dkvm::test;

namespace {

struct Mirrored : Desk {
  Mirrored() : keyboard(*this, "keyboard") {
    grant("{target: \"link/far:kernel\", methods: \"*\"}");
  }

  std::string yaml(const std::string& far_grants) const {
    return "devices:\n" + keyboard.yaml() + "  mirror: {exec: [" + DKVM_MIRROR_LINK +
           "]}\n  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n" + far_grants +
           "pipelines:\n  - {name: out, from: keyboard, to: link/far/keys, events: [key]}\n"
           "  - {name: in, from: link/far/keys, to: typed}\n";
  }

  Source keyboard;
};

const std::string kMayList =
    "grants: [{caller: \"link/far:control\", target: kernel, methods: [devices.list]}]\n";

}  // namespace

TEST_CASE("a link learns which streams are wanted, and pipelines flow through its ports") {
  Mirrored desk;
  desk.start(desk.yaml(""));
  SinkFile typed(desk.path("typed.jsonl"));
  const auto peer_ports = [&] { return desk.device("mirror").at("port_count"); };
  REQUIRE(eventually(kPatience, [&] { return peer_ports() == 3; }));
  desk.keyboard.down("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_A"}); }));
  desk.keyboard.up("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
  CHECK(typed.count("KEY_A", true) == 1);

  desk.call("pipelines.create",
            {{"pipeline", {{"name", "more"}, {"from", "keyboard"}, {"to", "link/far/more"}}}});
  CHECK(eventually(kPatience, [&] { return peer_ports() == 4; }));
}

TEST_CASE("calls go over a link and come in from it, each under the grants of its caller") {
  Mirrored desk;
  desk.start(desk.yaml(kMayList));
  REQUIRE(eventually(kPatience, [&] { return desk.device("mirror").at("port_count") == 3; }));
  CHECK(desk.ctl("call link/far:kernel devices.list").at("devices").size() == 4);
  const Finished denied = desk.try_ctl("call link/far:kernel kernel.info");
  CHECK(denied.status != 0);
  CHECK_THAT(denied.output, Catch::Contains("'link/far:control' has no grant for 'kernel.info'"));

  desk.write(desk.yaml(""));
  CHECK_THAT(desk.ctl("reload").at("changed").dump(), Catch::Contains("grants"));
  CHECK(desk.try_ctl("call link/far:kernel devices.list").status != 0);
}
