#include "tests/e2e/examples.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/loopback_capture.hpp"

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

// config/examples/desk-dummy.yaml and laptop-dummy.yaml, as they are.
using namespace dkvm::test;

namespace {

std::string random_hex() {
  std::random_device random;
  std::ostringstream text;
  for (int i = 0; i < 6; ++i) text << std::hex << random();
  return text.str();
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

// One datagram over loopback, unprotected: what the capture must be able to find.
void say_aloud(const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(9);
  ::sendto(fd, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address),
           sizeof(address));
  ::close(fd);
}

struct Example {
  Desk desk{"desk"};
  Desk laptop{"laptop"};

  // keys: what the desk's keyboard plays.
  explicit Example(const std::string& keys) {
    const std::string port = std::to_string(free_port());
    prepare(desk, "desk-dummy.yaml", port);
    prepare(laptop, "laptop-dummy.yaml", port);
    trust_each_other({"desk", desk.path("desk-or-laptop-desk")},
                     {"laptop", laptop.path("desk-or-laptop-laptop")});
    std::ofstream(desk.path("keys.jsonl")) << keys;
    std::filesystem::copy_file(DKVM_SOURCE_DIR "/config/examples/mouse.jsonl",
                               desk.path("mouse.jsonl"));
  }

  void prepare(Desk& at, const std::string& file, const std::string& port) {
    std::string yaml = example_text(file);
    const std::string name = file.substr(0, file.find('-'));
    yaml = replaced(yaml, "/tmp/dkvm-" + name + "-run", "run");
    yaml = replaced(yaml, "24860", port);
    yaml = replaced(yaml, "/tmp/dkvm-", "desk-or-laptop-");
    at.write("");
    std::ofstream(at.config()) << yaml;
    run_dkvmctl("identity make --name " + name + " --folder " + at.path("desk-or-laptop-" + name));
  }

  std::string log() { return desk.log() + "\n---\n" + laptop.log(); }
};

}  // namespace

TEST_CASE("What is typed at the example's desk arrives at its laptop once, and nobody reads it") {
  const std::string nonce = random_hex();
  const std::string control = random_hex();
  Example example(R"({"t":0,"key":"KEY_A","down":true,"text":")" + nonce +
                  R"("}
{"t":0.01,"key":"KEY_A","down":false}
)");
  LoopbackCapture capture;
  if (!capture.permitted()) {
    WARN("SKIPPED: capturing packets is not permitted here");
    return;
  }
  // The keyboard says it once, when the laptop is there to hear it.
  std::string yaml = read_text(example.desk.config());
  yaml = replaced(yaml, "{file: keys.jsonl, mode: loop}", "{file: keys.jsonl, mode: once}");
  yaml = replaced(yaml, "type: dummy-keyboard-source\n",
                  "type: dummy-keyboard-source\n    enabled: false\n");
  std::ofstream(example.desk.config()) << yaml;
  example.desk.launch();
  example.laptop.launch();
  INFO(example.log());
  REQUIRE(eventually(kPatience, [&] {
    const auto links =
        Json::parse(example.desk.try_ctl("call network links.list").output, nullptr, false);
    return links.is_object() && count(links.dump(), R"("state":"open")") == 4;
  }));
  example.desk.call("devices.start", {{"name", "keyboard"}});
  const auto typed = [&] {
    return read_text(example.laptop.path("desk-or-laptop-laptop-typed.jsonl"));
  };
  CHECK(eventually(kPatience, [&] { return count(typed(), "false") == 1; }));
  CHECK(count(typed(), nonce) == 1);
  say_aloud(control);
  const std::string& wire = capture.end();
  CHECK(capture.lost() == 0);
  CHECK(count(wire, control) >= 1);
  CHECK(count(wire, nonce) == 0);
  CHECK(wire.size() > 10'000);
}

TEST_CASE("The example's desk sees and hears what its laptop shows and plays") {
  Example example(example_text("keys.jsonl"));
  example.desk.launch();
  example.laptop.launch();
  INFO(example.log());
  CHECK(eventually(kPatience, [&] {
    return read_text(example.laptop.path("desk-or-laptop-laptop-moved.jsonl")).size() > 1000 &&
           read_text(example.laptop.path("desk-or-laptop-laptop-typed.jsonl")).size() > 1000;
  }));
  const auto edge = [&](const std::string& pipeline) {
    return example.desk.call("pipelines.stats", {{"name", pipeline}}).at("edges").at(0);
  };
  CHECK(eventually(kPatience, [&] { return edge("screen").at("delivered") > 60; }));
  CHECK(eventually(kPatience, [&] { return edge("sound").at("delivered") > 100; }));
  example.desk.kernel().signal(SIGTERM);
  CHECK(example.desk.exit_status(kPatience) == 0);
  const Json seen = Json::parse(read_text(example.desk.path("desk-or-laptop-desk-screen.json")));
  INFO(seen);
  CHECK(seen.at("torn") == 0);
  CHECK(seen.at("broken") == 0);
  CHECK(seen.at("frames") > 30);
  CHECK(std::filesystem::file_size(example.desk.path("desk-or-laptop-desk-sound.wav")) > 100'000);
  example.laptop.kernel().signal(SIGTERM);
  CHECK(example.laptop.exit_status(kPatience) == 0);
}
