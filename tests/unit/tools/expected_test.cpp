#include "tools/dkvmctl/completion/expected.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace dkvm::ctl;

namespace {

// A command line with a bit of everything.
struct Line {
  CLI::App app{"", "ctl"};
  std::string text;
  std::string action;
  std::vector<std::string> many;
  bool flag = false;

  Line() {
    app.add_option("-s,--socket", text, "where")->type_name("PATH");
    auto* device = app.add_subcommand("device", "one of them\nin short");
    device->add_option("NAME", text)->type_name("DEVICE");
    device->add_option("ACTION", action)->check(CLI::IsMember({"start", "stop"}));
    auto* logs = app.add_subcommand("logs", "what was said");
    logs->add_flag("-f,--follow", flag, "go on");
    logs->add_option("--level", text)->type_name("{warning,error}");
    auto* either = logs->add_option_group("either");
    either->add_option("--since", text, "from then on")->type_name("TIME");
    auto* outer = app.add_subcommand("outer", "has others");
    outer->add_subcommand("inner", "is in it");
    app.add_subcommand("switch", "several words")
        ->add_option("WORDS", many)
        ->type_name("TARGET")
        ->expected(0, 2);
  }

  Expected at(std::vector<std::string> before, const std::string& current = "") {
    return expected_at(app, before, current);
  }
  std::string words(std::vector<std::string> before, const std::string& current = "") {
    std::string joined;
    for (const Candidate& each : at(std::move(before), current).words) joined += each.word + " ";
    return joined;
  }
};

}  // namespace

TEST_CASE("commands are expected first, then those of a command, each with its help") {
  Line line;
  CHECK(line.words({}) == "device logs outer switch ");
  CHECK(line.at({}).words.front().help == "one of them");
  CHECK(line.words({"outer"}) == "inner ");
}

TEST_CASE("the next positional is expected, and none behind the last") {
  Line line;
  CHECK(line.at({"device"}).values == "DEVICE");
  CHECK(line.words({"device", "keyboard"}) == "start stop ");
  CHECK(line.words({"device", "keyboard", "stop"}).empty());
  CHECK(line.at({"device", "keyboard", "stop"}).values.empty());
  CHECK(line.at({"switch", "desk"}).values == "TARGET");
  CHECK(line.at({"switch", "desk", "laptop"}).values.empty());
}

TEST_CASE("options of the command and of those around it are expected behind a dash") {
  Line line;
  CHECK(line.words({"logs"}, "--") == "--help --follow --level --since --socket ");
  CHECK(line.words({}, "-") == "--help --socket ");
}

TEST_CASE("an option that waits for its value gets it, before or behind the sign") {
  Line line;
  CHECK(line.words({"logs", "--level"}) == "warning error ");
  CHECK(line.at({"logs", "--socket"}).values == "PATH");
  CHECK(line.at({"-s"}).values == "PATH");
  CHECK(line.words({"logs", "--level", "="}) == "warning error ");
  const Expected with_sign = line.at({"logs"}, "--level=w");
  CHECK(with_sign.prefix == "--level=");
  CHECK(with_sign.words.front().word == "warning");
  CHECK(line.at({"--socket", "x", "device"}).values == "DEVICE");
  CHECK(line.at({"--socket=x", "device"}).values == "DEVICE");
  CHECK(line.at({"logs", "--follow", "--level", "error"}).values.empty());
}

TEST_CASE("behind two dashes nothing is an option") {
  Line line;
  CHECK(line.at({"device", "--"}, "-x").values == "DEVICE");
}
