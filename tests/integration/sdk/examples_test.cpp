#include "tests/support/fake_kernel.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temp_dir.hpp"

#include <dkvm/codes.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kPython = DKVM_SOURCE_DIR "/sdk/examples/pedal-python/pedal.py";

// The three foot switches: in C++, on GLib's loop, and in Python.
struct Example {
  std::string name;
  std::string type;
  std::vector<std::string> command;
};

const Example kExamples[] = {
    {"C++", "acme-pedal", {DKVM_PEDAL_CPP}},
    {"GLib", "acme-pedal-glib", {DKVM_PEDAL_GLIB}},
    {"Python", "acme-pedal-python", {"/usr/bin/python3", kPython}},
};

FakeKernel::Environment environment(const std::string& path) {
  return {{"DKVM_CONFIG_PATH", path},
          {"PYTHONPATH", DKVM_PYTHON_DIR},
          {"PYTHONDONTWRITEBYTECODE", "1"}};
}

// A pipe in the place of the pedals' port.
class Port {
 public:
  explicit Port(const TempDir& dir) : path_(dir.file("pedals")) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_ = detail::Fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));  // both ends: nobody waits
    REQUIRE(fd_);
  }
  const std::string& path() const { return path_; }
  void press(unsigned char mask) { REQUIRE(::write(fd_.get(), &mask, 1) == 1); }
  void unplug() { fd_.reset(); }

 private:
  std::string path_;
  detail::Fd fd_;
};

void check_key(FakeKernel& kernel, std::string_view name, bool down) {
  const auto event = kernel.wait_event<Key>();
  CHECK(event.code == code_from_name(name));
  CHECK(event.down == down);
}

std::string command_line(const Example& example) {
  std::string line = "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=" DKVM_PYTHON_DIR;
  for (const auto& word : example.command) line += " " + word;
  return line;
}

}  // namespace

TEST_CASE("each example presses its keys, answers pings and stops") {
  for (const auto& example : kExamples) {
    INFO(example.name);
    const TempDir dir;
    Port port(dir);
    FakeKernel kernel(example.command, environment(port.path()));
    const auto hello = kernel.greet();
    CHECK(hello.type == example.type);
    REQUIRE(hello.ports.size() == 1);
    CHECK(hello.ports[0]->direction == wire::Direction::source);
    kernel.send({.kind = wire::FrameKind::ping, .sequence = 42});
    CHECK(kernel.wait(wire::FrameKind::pong).header.sequence() == 42);
    port.press(0b001);
    check_key(kernel, "KEY_F13", true);
    port.press(0b110);
    check_key(kernel, "KEY_F13", false);
    check_key(kernel, "KEY_F14", true);
    check_key(kernel, "KEY_F15", true);
    kernel.stop();
    kernel.wait(wire::FrameKind::stopped);
    CHECK(kernel.wait_exit() == 0);
  }
}

TEST_CASE("each example fails when its pedals are unplugged, and ends well with its kernel") {
  for (const auto& example : kExamples) {
    INFO(example.name);
    const TempDir dir;
    Port port(dir);
    FakeKernel unplugged(example.command, environment(port.path()));
    unplugged.greet();
    port.press(1);
    check_key(unplugged, "KEY_F13", true);
    port.unplug();
    CHECK(unplugged.wait_exit() == 1);
    CHECK_THAT(unplugged.drain_log(), Catch::Contains("<3>the pedals are gone"));

    const TempDir other;
    const Port still_there(other);
    FakeKernel orphan(example.command, environment(still_there.path()));
    orphan.greet();
    orphan.close();
    CHECK(orphan.wait_exit() == 0);
  }
}

TEST_CASE("each example whose port is not there fails with one line, and never counts as ready") {
  for (const auto& example : kExamples) {
    INFO(example.name);
    FakeKernel kernel(example.command, environment("/nonexistent/pedals"));
    kernel.wait(wire::FrameKind::hello);
    kernel.send_table({.kind = wire::FrameKind::welcome}, FakeKernel::default_welcome());
    kernel.send({.kind = wire::FrameKind::ping, .sequence = 1});
    CHECK(kernel.rest().empty());
    CHECK(kernel.wait_exit() == 1);
    CHECK(kernel.drain_log() ==
          "<3>cannot start: opening '/nonexistent/pedals': No such file or directory\n");
  }
}

TEST_CASE("each example without its path is refused") {
  for (const auto& example : kExamples) {
    INFO(example.name);
    auto without = environment("");
    without.erase("DKVM_CONFIG_PATH");
    FakeKernel kernel(example.command, without);
    if (example.name != "Python") kernel.greet();
    CHECK(kernel.wait_exit() == kExitRefused);
    CHECK_THAT(kernel.drain_log(), Catch::Contains("config key 'path' is required"));
  }
}

TEST_CASE("each example's hello is what its --describe says") {
  for (const auto& example : kExamples) {
    INFO(example.name);
    const auto described = run_program(command_line(example) + " --describe");
    CHECK(described.status == 0);
    const auto manifest = nlohmann::json::parse(described.output, nullptr, false);
    REQUIRE(manifest.is_object());
    FakeKernel kernel(example.command, environment("/dev/null"));
    const auto hello = kernel.wait(wire::FrameKind::hello).as<wire::HelloT>();
    CHECK(manifest["type"] == hello.type);
    CHECK(manifest["version"] == hello.version);
    REQUIRE(manifest["ports"].size() == hello.ports.size());
    CHECK(manifest["ports"][0]["id"] == hello.ports[0]->id);
    CHECK(manifest["ports"][0]["name"] == hello.ports[0]->name);
    CHECK(manifest["ports"][0]["topics"] == hello.ports[0]->topics);
  }
}

TEST_CASE("each example describes itself behind arguments of its own") {
  for (const auto& example : kExamples) {
    INFO(example.name);
    const auto bare = run_program(command_line(example) + " --describe");
    const auto described = run_program(command_line(example) + " --desk left --describe");
    CHECK(described.status == 0);
    CHECK(described.output == bare.output);
    const auto before = run_program(command_line(example) + " --describe left");
    CHECK_THAT(before.output, !Catch::StartsWith("{"));  // no argument but the last counts
  }
}

TEST_CASE("a useful device fits in 40 lines of C++, and in 150 of Python") {
  const auto lines = [](const std::string& path) {
    const auto text = read_file(path);
    return std::count(text.begin(), text.end(), '\n');
  };
  CHECK(lines(DKVM_SOURCE_DIR "/sdk/examples/pedal-cpp/pedal.cpp") <= 40);
  CHECK(lines(kPython) <= 150);
}
