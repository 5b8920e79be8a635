#include "tests/e2e/reload/session.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

// What a reload does to a desk at full work: nothing, but for what differs.
using namespace dkvm::test;

namespace {

const std::string kNotes = "  - {name: notes, from: second/keyboard, to: notes";

// A keyboard and what it types, which have nothing to do with the rest.
struct Bystander {
  const Source& source;

  std::string devices(const std::string& file, const std::string& keys = "") const {
    return source.yaml(keys) + "  notes: {type: dummy-keyboard-sink, config: {file: " + file +
           "}}\n";
  }
};

}  // namespace

TEST_CASE("A desk at work notices nothing of reloads that change something else") {
  Session session;
  const Source second(session.desk, "second");
  const Bystander bystander{second};
  DeskFile file;
  const auto reload = [&](const char* what) {
    INFO(what);
    const Json answer = session.reload(file);
    CHECK(answer.at("needs_restart").empty());
    session.check_undisturbed();
    return answer;
  };
  CHECK(reload("nothing").at("changed").empty());

  file.devices = bystander.devices("one.jsonl");
  CHECK(reload("two devices more").at("started") == Json({"second", "notes"}));
  file.pipelines = kNotes + "}\n";
  CHECK(reload("a pipeline more").at("pipelines_changed") == 1);
  file.devices = bystander.devices("two.jsonl");
  CHECK(reload("a device's config").at("changed") == Json({"notes"}));
  file.devices = bystander.devices("two.jsonl", ", restart: {policy: always}, health: off");
  CHECK(reload("restart and health").at("changed") == Json({"second"}));
  file.pipelines = kNotes + ", via: [{remap: {KEY_A: KEY_B}}]}\n";
  CHECK(reload("another remap").at("pipelines_changed") == 1);
  file.pipelines = kNotes + ", queue: {depth: 16}}\n";
  CHECK(reload("another queue").at("pipelines_changed") == 1);

  file.numbers = ", queue: {depth: 2048, max_age: 20s}";
  CHECK(reload("the queue of the numbers").at("pipelines_changed") == 1);
  file.typing = ", via: [{remap: {KEY_A: KEY_B}}]";
  CHECK(reload("a remap of other keys on the way of the held one").at("pipelines_changed") == 1);
  file.hotkey = "KEY_3";
  CHECK(reload("the hotkey of the switch").at("switches_changed") == Json({"desk"}));
  session.desk.grant("{target: heard, methods: [be.quiet]}");
  CHECK(reload("grants").at("changed") == Json({"control"}));
  file.kernel = ", log: {level: debug, lines_max: 5000}";
  CHECK(reload("the log").at("changed") == Json({"kernel.log.level", "kernel.log.lines_max"}));

  const std::string included = session.desk.path("more.yaml");
  std::ofstream(included) << kNotes << ", queue: {depth: 16}}\n";
  file.pipelines = "  - include: more.yaml\n";
  CHECK(reload("a pipeline moves into another file").at("pipelines_changed") == 0);
  std::ofstream(included) << kNotes << ", enabled: false}\n";
  CHECK(reload("the included file").at("pipelines_changed") == 1);
  file.devices = bystander.devices("two.jsonl", ", enabled: false");
  CHECK(reload("a device is switched off").at("changed") == Json({"second"}));
  file.devices = bystander.devices("two.jsonl");
  CHECK(reload("and on").at("changed") == Json({"second"}));

  CHECK(session
            .reload_laptop("  more: {type: dummy-keyboard-sink, config: {file: more.jsonl}}\n",
                           "  - {name: more, from: link/desk/more, to: more}\n")
            .at("started") == Json({"more"}));
  session.check_undisturbed();
  CHECK(session.reload_laptop("", "").at("stopped") == Json({"more"}));
  session.check_undisturbed();

  file = DeskFile();
  CHECK(reload("all of it is taken back").at("stopped") == Json({"second", "notes"}));
  session.keyboard.up("KEY_LEFTCTRL");
  session.input.up("KEY_B");
  CHECK(eventually(kPatience, [&] { return session.typed.has({}); }));
  CHECK(session.typed.count("KEY_LEFTCTRL", true) == 1);
  CHECK(eventually(kPatience, [&] { return session.seat_saw("up KEY_B"); }));
  session.check_complete();
}

TEST_CASE("A held key whose remap changes stays down beyond a link, as what it was pressed as") {
  Session session;
  DeskFile file;
  file.typing = ", via: [{remap: {KEY_LEFTCTRL: KEY_LEFTALT}}]";
  CHECK(session.reload(file).at("pipelines_changed") == 1);
  session.check_undisturbed();
  session.keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kStuckMax, [&] { return session.typed.has({}); }));
  session.keyboard.down("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return session.typed.has({"KEY_LEFTALT"}); }));
}

TEST_CASE("A switch whose target changes goes home first, and lets go there") {
  Session session;
  DeskFile file;
  file.laptop = "link/laptop/elsewhere";
  CHECK(session.reload(file).at("switches_changed") == Json({"desk"}));
  INFO(session.logs());
  CHECK(session.target() == "local");
  CHECK(eventually(kStuckMax, [&] { return session.seat_saw("up KEY_B"); }));
  CHECK(session.typed.has({"KEY_LEFTCTRL"}));
  CHECK(session.desk.try_ctl("switch laptop").status == 1);  // nobody takes it there
}

TEST_CASE("Pictures whose pipeline goes and comes back begin with a whole one") {
  Session session;
  DeskFile file;
  file.pictures = false;
  CHECK(session.reload(file).at("pipelines_changed") == 1);
  INFO(session.logs());
  CHECK(session.typed.has({"KEY_LEFTCTRL"}));
  CHECK(session.target() == "laptop");
  file.pictures = true;
  CHECK(session.reload(file).at("pipelines_changed") == 1);
  CHECK(session.pictures_flow());
  session.check_complete();  // no picture on the wrong ground
}
