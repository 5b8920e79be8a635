#include "tests/integration/x11/subjects.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include "tests/integration/x11/person.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kPrograms[] = {DKVM_BIN_DIR "/dkvm-x11-input-source",
                                 DKVM_BIN_DIR "/dkvm-x11-input-sink"};

// Starts a device that cannot run: its exit status, and that it says why.
int refused(const std::string& program, const FakeKernel::Environment& environment,
            const std::string& words) {
  FakeKernel kernel({program}, environment);
  kernel.greet();
  const int status = kernel.wait_exit();
  CHECK_THAT(kernel.drain_log(), Catch::Contains(words));
  return status;
}

}  // namespace

TEST_CASE("without an X server a device says so, and is worth another start") {
  const std::string gone = ":61234";  // far from the numbers that tests get
  for (const auto& program : kPrograms) {
    CHECK(refused(program, {{"DKVM_CONFIG_DISPLAY", gone}},
                  "opening X display '" + gone + "': no X server listens there") == 1);
    CHECK(refused(program, {{"DISPLAY", gone}}, "no X server listens there") == 1);
  }
}

TEST_CASE("without the name of a display, or with none that can be, a device is not worth it") {
  for (const auto& program : kPrograms) {
    CHECK(refused(program, {}, "config key 'display' is missing") == kExitRefused);
    CHECK(refused(program, {{"DKVM_CONFIG_DISPLAY", "screen"}},
                  "'screen': no such name, expected one such as :0") == kExitRefused);
  }
  const Xvfb server;
  CHECK(refused(kPrograms[0], on(server, {{"DKVM_CONFIG_PANIC__0", "KEY_HELLO"}}),
                "config key 'panic': 'KEY_HELLO' is no key") == kExitRefused);
}

TEST_CASE("a server that refuses this user is said to") {
  const TempDir dir;
  const std::string cookie(16, 'x');
  // One entry of any family and address; lengths are of two bytes.
  std::string entry("\xff\xff\0\0\0\0\0\x12", 8);
  entry += "MIT-MAGIC-COOKIE-1" + std::string("\0\x10", 2) + cookie;
  const Xvfb server("640x480x24", {"-auth", dir.file("auth", entry)});
  CHECK(refused(kPrograms[0], on(server), "the X server refuses this user") == 1);
  FakeKernel admitted({kPrograms[0]}, on(server, {{"XAUTHORITY", dir.file("auth")}}));
  admitted.greet();
  CHECK(admitted.wait_event<Geometry>().monitors.size() == 1);
}

TEST_CASE("a server without an extension is said to lack it") {
  const Xvfb no_xtest("640x480x24", {"-extension", "XTEST"});
  CHECK(refused(kPrograms[1], on(no_xtest), "the X server lacks the extension XTEST") == 1);
  const Xvfb no_barriers("640x480x24", {"-extension", "XFIXES"});
  CHECK(refused(kPrograms[0], on(no_barriers), "the X server lacks the extension XFIXES") == 1);
}

TEST_CASE("a server that dies ends a device with words, and one that is back has it again") {
  Xvfb server;
  {
    Source source(server);
    Sink sink(server);
    REQUIRE(source.ask(wire::GrabAction::grab, 1).granted);
    sink.play(key(30, true));
    server.kill();
    for (FakeKernel* kernel :
         {static_cast<FakeKernel*>(&source), static_cast<FakeKernel*>(&sink)}) {
      CHECK(kernel->wait_exit() == 1);
      CHECK_THAT(kernel->drain_log(),
                 Catch::Contains("X display '" + server.display() + "': the X server has gone"));
    }
    FakeKernel cleaner({kPrograms[1], "--cleanup"}, on(server, {{"DKVM_CLEANUP_CODES", "30"}}));
    CHECK(cleaner.wait_exit() == 1);
  }
  server.start();
  Source source(server);
  Sink sink(server);
  Person person(server.display());
  person.tap(48);
  CHECK(source.next_stroke() == "+48");
  sink.play(key(30, true));
  CHECK(eventually(kPatience, [&] { return person.down() == std::vector{30}; }));
}

TEST_CASE("a sink whose server stands still ends with words, while it is told to play") {
  const Xvfb server;
  Sink sink(server);
  Person watcher(server.display());
  sink.play(key(30, true));
  // A first key brings the keymap of its device along, which is asked for.
  REQUIRE(eventually(kPatience, [&] { return !watcher.down().empty(); }));
  sink.play(key(31, true));
  sink.play(key(31, false));
  REQUIRE(::kill(server.pid(), SIGSTOP) == 0);
  sink.event(kInput, key(30, false));
  const int status = sink.wait_exit();
  ::kill(server.pid(), SIGCONT);
  CHECK(status == 1);
  CHECK_THAT(sink.drain_log(),
             Catch::Contains("X display '" + server.display() + "': the X server stands still"));
}

TEST_CASE("a desktop of 16k pixels has all of its borders") {
  const Xvfb server("16384x16384x24");
  Source source(server);
  CHECK(source.geometry.monitors.at(0)->width == 16384);
  Person person(server.display());
  wire::EdgeT right;
  right.side = wire::Side::right;
  right.to = 16384;
  REQUIRE(source.prepare({}, {right}).granted);
  person.place(16380, 16000);
  person.move(10, 0);
  CHECK(source.wait_event<EdgePush>().at == 16000);
  Sink sink(server);
  sink.play(motion_to(16383, 16383, 16384, 16384));
  CHECK(eventually(kPatience, [&] { return person.pointer() == Person::At{16383, 16383}; }));
}
