#include "tests/integration/control/child.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/xvfb.hpp"

#include <nlohmann/json.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

// `dkvmctl init` writes what a kernel takes; `dkvmctl doctor` says what it will miss.
using namespace dkvm::test;
using Json = nlohmann::json;

namespace {

// A user without anything.
struct Home {
  TempDir dir;

  std::string variables() const {
    return "env -u DISPLAY -u DKVM_IDENTITY -u DKVM_SOCKET -u DKVM_RUNTIME_DIR HOME=" + dir.path() +
           " XDG_CONFIG_HOME=" + (dir / "config") + " XDG_RUNTIME_DIR=" + (dir / "run") +
           " DKVM_IDENTITY=" + (dir / "identity") + " ";
  }
  Finished ctl(const std::string& arguments, const std::string& more = "") const {
    return run_program("mkdir -p " + (dir / "run") + " && cd " + dir.path() + " && " + variables() +
                       more + " " DKVM_BIN_DIR "/dkvmctl " + arguments);
  }
  Finished check(const std::string& file) const {
    return run_program("cd " + dir.path() + " && " DKVM_BIN_DIR "/dkvm-kernel --config " + file +
                       " --check");
  }
};

std::string pin_of(char digit) { return std::string("sha256:").append(64, digit); }

bool finds(const Finished& doctor, const std::string& level, const std::string& area,
           const std::string& part) {
  const Json all = Json::parse(doctor.output.substr(0, doctor.output.rfind("\n}") + 2));
  for (const Json& each : all.at("findings"))
    if (each.at("level") == level && each.at("area") == area &&
        each.at("what").get<std::string>().find(part) != std::string::npos)
      return level == "ok" || !each.at("todo").get<std::string>().empty();
  return false;
}

}  // namespace

TEST_CASE("what init writes for each role is right, where a display opens and where none does") {
  const Xvfb screen("1024x768x24");
  for (const std::string& display : {std::string(), "DISPLAY=" + screen.display()})
    for (const char* role : {"desk", "laptop", "lab"}) {
      const Home home;
      const Finished made = home.ctl(std::string("init --role ") + role, display);
      INFO(display << " " << role << "\n" << made.output);
      REQUIRE(made.status == 0);
      const Finished checked = home.check("kvm.yaml");
      INFO(read_text(home.dir / "kvm.yaml") << checked.output);
      CHECK(checked.status == 0);
      CHECK(checked.output.find("not checked") == std::string::npos);
    }
}

TEST_CASE("init knows the monitors, the identity and the peers of its machine") {
  const Xvfb screen("1024x768x24");
  const Home home;
  REQUIRE(home.ctl("identity make --name atlas").status == 0);
  REQUIRE(home.ctl("trust add couch " + pin_of('a')).status == 0);
  REQUIRE(home.ctl("trust add attic " + pin_of('b')).status == 0);
  REQUIRE(home.ctl("init", "DISPLAY=" + screen.display()).status == 0);
  const std::string yaml = read_text(home.dir / "kvm.yaml");
  INFO(yaml);
  CHECK(yaml.find("name: atlas") != std::string::npos);
  CHECK(yaml.find("1024x768 at 0,0") != std::string::npos);
  CHECK(yaml.find("couch: link/couch") != std::string::npos);
  CHECK(yaml.find("layout: {local: {right: ") != std::string::npos);
  CHECK(yaml.find("enabled: false") == std::string::npos);
  CHECK(home.check("kvm.yaml").status == 0);
}

TEST_CASE("init leaves a file that is there, unless it is told otherwise") {
  const Home home;
  std::ofstream(home.dir / "kvm.yaml") << "mine\n";
  const Finished refused = home.ctl("init --role lab");
  CHECK(refused.status == 1);
  CHECK(refused.output.find("--force") != std::string::npos);
  CHECK(read_text(home.dir / "kvm.yaml") == "mine\n");
  CHECK(home.ctl("init --role lab --force").status == 0);
  CHECK(read_text(home.dir / "kvm.yaml") == home.ctl("init --role lab -o -").output);
}

TEST_CASE("doctor finds what a desk lacks, and what to do about each") {
  const Home home;
  REQUIRE(home.ctl("init --role desk").status == 0);
  const Finished before = home.ctl("doctor --config kvm.yaml --json 2>/dev/null");
  INFO(before.output);
  CHECK(before.status == 1);
  CHECK(finds(before, "error", "pins", "identity"));
  CHECK(finds(before, "error", "pins", "nobody is trusted as laptop"));
  CHECK(finds(before, "ok", "configuration", "is right"));
  CHECK(finds(before, "warning", "kernel", "no kernel answers"));
  CHECK(finds(before, "ok", "displays", "no device of the file needs a display"));

  REQUIRE(home.ctl("identity make --name desk").status == 0);
  REQUIRE(home.ctl("trust add laptop " + pin_of('a')).status == 0);
  const Finished after = home.ctl("doctor --config kvm.yaml --json 2>/dev/null");
  INFO(after.output);
  CHECK_FALSE(finds(after, "error", "pins", ""));
  CHECK(finds(after, "ok", "pins", "all peers of the file are trusted"));
  CHECK(finds(after, "ok", "permissions", "is its owner's alone"));

  REQUIRE(run_program("chmod 0644 " + (home.dir / "identity/identity.key")).status == 0);
  CHECK(finds(home.ctl("doctor --json 2>/dev/null"), "error", "permissions", "others can read"));
}

TEST_CASE("doctor opens the displays that devices need, and names what they lack") {
  const Home home;
  const Xvfb screen("800x600x24", {"-extension", "DAMAGE"});
  std::ofstream(home.dir / "kvm.yaml") << "devices:\n"
                                          "  near: {type: x11-display-source, config: {display: \""
                                       << screen.display()
                                       << "\"}}\n"
                                          "  gone: {type: x11-input-sink, config: {display: "
                                          "\":4711\"}}\n";
  const Finished told = home.ctl("doctor --config kvm.yaml --json 2>/dev/null");
  INFO(told.output);
  CHECK(told.status == 1);
  CHECK(finds(told, "ok", "displays", "display " + screen.display() + " opens: "));
  CHECK(finds(told, "error", "displays", "has DAMAGE not at all"));
  CHECK(finds(told, "error", "displays", "no X server listens there"));
}

TEST_CASE("doctor says who cannot listen, and in lines for people") {
  const Home home;
  REQUIRE(home.ctl("identity make").status == 0);
  std::ofstream(home.dir / "kvm.yaml")
      << "devices:\n  one: {type: tcp-server, config: {listen: \"192.0.2.1:24860\"}}\n";
  const Finished told = home.ctl("doctor --config kvm.yaml");
  INFO(told.output);
  CHECK(told.status == 1);
  CHECK(told.output.find("one cannot listen at 192.0.2.1:24860") != std::string::npos);
  CHECK(told.output.find("→ ") != std::string::npos);
  CHECK(told.output.find("1 error above must be mended") != std::string::npos);
}

TEST_CASE("doctor tells a file that is wrong from a machine that is") {
  const Home home;
  std::ofstream(home.dir / "kvm.yaml") << "devices:\n  one: {type: dummy-keyboard-snk}\n";
  const Finished told = home.ctl("doctor --config kvm.yaml --json 2>/dev/null");
  INFO(told.output);
  CHECK(told.status == 1);
  CHECK(finds(told, "error", "configuration", "dummy-keyboard-snk"));
  CHECK(finds(told, "error", "programs", "dummy-keyboard-snk"));
}
