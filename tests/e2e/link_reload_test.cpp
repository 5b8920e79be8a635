#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

// Links and their streams come and go by a reload, while keys are held.
using namespace dkvm::test;

namespace {

struct Typing {
  LinkedDesks desks;
  Source keyboard{desks["desk"], "keyboard"};
  SinkFile typed{desks["laptop"].path("typed.jsonl")};
  std::string desk_link = desks.listening("desk");
  std::string laptop_link = desks.dialling("laptop", "desk", "network");

  Typing() {
    desks["desk"].start(desk(desk_link, true));
    desks["laptop"].start(laptop(laptop_link, true));
    desks.wait_stream("desk", "laptop", "keys");
    keyboard.down("KEY_LEFTCTRL");
    REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  }
  std::string desk(const std::string& link, bool typing) const {
    return "devices:\n" + link + keyboard.yaml() + "pipelines:\n" +
           (typing ? "  - {name: typing, from: keyboard, to: link/laptop/keys}\n" : "  []\n");
  }
  static std::string laptop(const std::string& link, bool typing) {
    return "devices:\n" + link +
           "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\npipelines:\n" +
           (typing ? "  - {name: typing, from: link/desk/keys, to: typed}\n" : "  []\n");
  }
  void reload(const std::string& at, const std::string& yaml) {
    desks[at].write(yaml);
    desks[at].ctl("reload");
  }
  std::string logs() { return desks["desk"].log() + "\n" + desks["laptop"].log(); }
};

}  // namespace

TEST_CASE("A pipeline that a reload takes away on either side of a link lets go, and comes back") {
  Typing typing;
  const std::string side = GENERATE("desk", "laptop");
  CAPTURE(side);
  const auto yaml = [&](bool there) {
    return side == "desk" ? typing.desk(typing.desk_link, there)
                          : Typing::laptop(typing.laptop_link, there);
  };
  typing.reload(side, yaml(false));
  INFO(typing.logs());
  CHECK(eventually(kStuckMax, [&] { return typing.typed.has({}); }));
  typing.reload(side, yaml(true));
  typing.desks.wait_stream("desk", "laptop", "keys");
  typing.keyboard.up("KEY_LEFTCTRL");
  typing.keyboard.tap("KEY_B");
  CHECK(eventually(kPatience, [&] { return typing.typed.count("KEY_B", false) == 1; }));
  CHECK(eventually(kPatience, [&] { return typing.typed.has({}); }));
}

TEST_CASE("A pipeline that a reload adds beside one that holds keys lets go of nothing") {
  Typing typing;
  typing.reload("desk", typing.desk(typing.desk_link, true) +
                            "  - {name: more, from: keyboard, to: link/laptop/more}\n");
  typing.desks.wait_stream("desk", "laptop", "more", "waiting");
  typing.keyboard.tap("KEY_B");
  INFO(typing.logs());
  CHECK(eventually(kPatience, [&] { return typing.typed.count("KEY_B", false) == 1; }));
  CHECK(typing.typed.count("KEY_LEFTCTRL", false) == 0);
}

TEST_CASE("A link that a reload takes away lets go of what it held") {
  Typing typing;
  typing.desks["laptop"].write(
      "devices:\n  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n");
  // Its grant is for a device that is there no more.
  std::ofstream(typing.desks["laptop"].path("control.yaml"))
      << "devices:\n  control: {type: control, grants: [{target: kernel, methods: ['*']}]}\n";
  typing.desks["laptop"].ctl("reload");
  INFO(typing.logs());
  CHECK(eventually(kStuckMax, [&] { return typing.typed.has({}); }));
}
