#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"
#include "tests/e2e/trouble/small_disk.hpp"

#include <catch2/catch.hpp>

#include <string>

// Disks without room, and files that cannot be written.
using namespace dkvm::test;

namespace {

constexpr std::size_t kDiskBytes = 64 * 1024;
constexpr std::size_t kFiles = 100;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string typing(const Source& keyboard, const std::string& more = "",
                   const std::string& also = "") {
  return "devices:\n" + keyboard.yaml() +
         "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n" + more +
         "pipelines:\n  - {name: typing, from: keyboard/keyboard, to: [typed" + also + "]}\n";
}

}  // namespace

TEST_CASE("A log on a full disk costs its lines there, which it says, and nothing else") {
  Desk desk;
  const SmallDisk disk(desk.path("small"), kDiskBytes, kFiles);
  if (!disk.made()) return;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.write(typing(keyboard), ", log: {file: small/own.log}");
  desk.launch();
  disk.fill();
  for (int i = 0; i < 200; ++i) keyboard.tell("log line " + std::to_string(i));
  keyboard.down("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_A"}); }));
  CHECK(desk.ctl("logs -n 1 -d keyboard").at("records").at(0).at("text") == "line 199");
  CHECK(has(desk.log(), "the log file " + desk.path("small/own.log") +
                            " cannot be written: No space left on device"));

  disk.empty();
  keyboard.tell("log there is room again");
  const auto own = [&] { return read_text(desk.path("small/own.log")); };
  REQUIRE(eventually(kPatience, [&] { return has(own(), ": there is room again\n"); }));
  CHECK(has(own(), " lines of the log could not be written here]\n"));
  CHECK(has(own(), "\n["));  // a line of its own, also behind one that was cut
  CHECK(typed.has({"KEY_A"}));
}

TEST_CASE("A recording on a full disk ends its own sink with the reason, and no other") {
  Desk desk;
  const SmallDisk disk(desk.path("small"), kDiskBytes, kFiles);
  if (!disk.made()) return;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  SinkFile recorded(desk.path("small/keys.jsonl"));
  desk.start(typing(keyboard,
                    "  recorder: {type: dummy-keyboard-sink, config: {file: small/keys.jsonl}, "
                    "restart: {initial: 50ms, max: 50ms}}\n",
                    ", recorder"));
  const pid_t sink = desk.pid("typed");
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return recorded.has({"KEY_LEFTCTRL"}); }));
  disk.fill();
  keyboard.tell("burst 400");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_B", false) == 400; }));
  CHECK(typed.has({"KEY_LEFTCTRL"}));
  CHECK(desk.pid("typed") == sink);
  const auto deaths = [&] {
    return desk.call("devices.deaths", {{"name", "recorder"}}).at("deaths");
  };
  REQUIRE(eventually(kPatience, [&] { return !deaths().empty(); }));
  CHECK(has(deaths().at(0).at("reason"), "No space left on device"));

  disk.empty();
  desk.wait_state("recorder", "running");
  keyboard.tap("KEY_C");
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
  // From its beginning: what was cut at the end of the full disk is mended. (What had no
  // room there is missing, the ups of its last keys among it.)
  CHECK(eventually(kPatience, [&] {
    SinkFile whole(desk.path("small/keys.jsonl"));
    return whole.count("KEY_C", false) == 1 && !whole.down().contains("KEY_LEFTCTRL");
  }));
}

TEST_CASE("A runtime directory without room is told, by the kernel or by the control device") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.write(typing(keyboard));
  {
    const SmallDisk none(desk.path("run"), kDiskBytes, 1);
    if (!none.made()) return;
    const Finished refused =
        run_program("timeout 20 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
    CHECK(refused.status == 1);
    CHECK(has(refused.output, "kernel.lock: No space left on device"));
  }
  const SmallDisk one(desk.path("run"), kDiskBytes, 2);
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvm-kernel", "--config", desk.config()};
  setup.environment = {"PATH=/usr/bin:/bin"};
  setup.err = desk.path("kernel.log");
  setup.session = true;
  const Child kernel(setup);
  CHECK(eventually(kPatience, [&] { return has(desk.log(), "No space left on device"); }));
  INFO(desk.log());
  CHECK(has(desk.log(), "device control"));
  keyboard.down("KEY_A");  // without anybody who can be asked, keys go on
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_A"}); }));
}

TEST_CASE("A log file that cannot be written refuses a reload by its place, and changes nothing") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start(typing(keyboard));
  const std::vector<pid_t> before = desk.pids();
  desk.write("devices: {}\n", ", log: {file: /nonexist/k.log}");
  const Finished reload = desk.try_ctl("reload");
  CHECK(reload.status == 1);
  CHECK(has(reload.output, "kvm.yaml:1:"));
  CHECK(has(reload.output,
            "the log file /nonexist/k.log cannot be written: No such file or directory"));
  CHECK(desk.pids() == before);
}
