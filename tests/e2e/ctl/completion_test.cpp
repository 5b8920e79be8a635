#include "tests/e2e/ctl/pty.hpp"
#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

// Completion in the shells themselves, with names of a real kernel.
using namespace dkvm::test;

namespace {

using Words = std::set<std::string>;

Words words_of(const std::string& text) {
  Words words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) words.insert(line.substr(0, line.find('\t')));
  return words;
}

bool has_all(const Words& words, const Words& wanted) {
  for (const std::string& each : wanted)
    if (!words.contains(each)) return false;
  return true;
}

struct Shells {
  Desk desk;
  std::string path = "PATH=" DKVM_BIN_DIR ":$PATH ";

  Shells() {
    desk.start(
        "devices:\n"
        "  keyboard: {type: dummy-keyboard-source, config: {file: " DKVM_SOURCE_DIR
        "/config/examples/keys.jsonl}}\n"
        "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
        "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
    path += "DKVM_SOCKET=" + desk.socket() + " ";
  }

  // What bash offers, split into words as bash does it.
  Words bash(const std::string& words, int last) const {
    const std::string script = "source <(dkvmctl completion bash); COMP_WORDS=(dkvmctl " + words +
                               "); COMP_CWORD=" + std::to_string(last) +
                               "; compopt() { :; }; _dkvmctl; printf \"%s\\n\" \"${COMPREPLY[@]}\"";
    std::ofstream(desk.path("script")) << script;
    return words_of(run_program(path + "bash " + desk.path("script")).output);
  }
  Words fish(const std::string& line) const {
    std::ofstream(desk.path("script"))
        << "dkvmctl completion fish | source; complete -C '" << line << "'\n";
    return words_of(run_program("HOME=" + desk.path("") + " " + path + "fish --no-config " +
                                desk.path("script"))
                        .output);
  }
};

}  // namespace

TEST_CASE("bash completes commands, options, choices and names of the kernel") {
  const Shells shells;
  const Words commands = shells.bash("''", 1);
  CHECK(has_all(commands, {"status", "device", "top", "doctor", "completion", "pair"}));
  CHECK_FALSE(commands.contains("__complete"));
  CHECK(shells.bash("dev", 1) == Words{"device", "devices"});
  CHECK(shells.bash("device ''", 2) == Words{"control", "keyboard", "typed"});
  CHECK(shells.bash("device ty", 2) == Words{"typed"});
  CHECK(shells.bash("device typed ''", 3) == Words{"restart", "start", "stop"});
  CHECK(shells.bash("watch ''", 2) == Words{"typing"});
  CHECK(shells.bash("logs --fol", 2) == Words{"--follow"});
  CHECK(has_all(shells.bash("logs --", 2), {"--device", "--lines", "--socket", "--json"}));
  CHECK(shells.bash("logs -l w", 3) == Words{"warning"});
  CHECK(shells.bash("logs --device = ''", 4) == Words{"control", "kernel", "keyboard", "typed"});
  CHECK(shells.bash("identity ''", 2) == Words{"make", "rotate", "show"});
  CHECK(has_all(shells.bash("call kernel devices.", 3), {"devices.list", "devices.get"}));
  CHECK(shells.bash("device ty --json", 3) == Words{"--json"});
}

TEST_CASE("bash completes files where files belong") {
  const Shells shells;
  const std::string yaml = shells.desk.config();
  CHECK(shells.bash("graph --config " + yaml.substr(0, yaml.size() - 3), 3) == Words{yaml});
}

TEST_CASE("fish completes with the same words, and with their help") {
  const Shells shells;
  CHECK(shells.fish("dkvmctl dev") == Words{"device", "devices"});
  CHECK(shells.fish("dkvmctl device ") == Words{"control", "keyboard", "typed"});
  CHECK(shells.fish("dkvmctl watch ") == Words{"typing"});
  CHECK(shells.fish("dkvmctl --json logs -l e") == Words{"error"});
  CHECK(shells.fish("dkvmctl logs --device=k") == Words{"--device=kernel", "--device=keyboard"});
}

TEST_CASE("zsh completes when Tab is pressed") {
  const Shells shells;
  std::ofstream(shells.desk.path(".zshrc"))
      << "PATH=" DKVM_BIN_DIR ":$PATH\nexport DKVM_SOCKET=" << shells.desk.socket()
      << "\nautoload -Uz compinit && compinit -u -d " << shells.desk.path("zcompdump")
      << "\nsource <(dkvmctl completion zsh)\nPROMPT='ready> '\nunsetopt beep\n";
  Pty zsh({"/usr/bin/env", "ZDOTDIR=" + shells.desk.path(""), "/usr/bin/zsh", "-d", "-i"}, 100, 30);
  const auto shows = [&](const std::string& text) {
    return eventually(kPatience, [&] { return zsh.written().find(text) != std::string::npos; });
  };
  REQUIRE(shows("ready> "));
  zsh.press("dkvmctl device \t\t");
  CHECK(shows("dummy-keyboard-source, running"));
  zsh.press(
      "\x15"
      "dkvmctl lo\t");
  CHECK(shows("gs"));
  zsh.press(
      "\x15"
      "dkvmctl device typed \t\t");
  CHECK(shows("restart"));
  zsh.press(
      "\x15"
      "exit\n");
  CHECK(eventually(kPatience, [&] { return zsh.ended().has_value(); }));
}

TEST_CASE("without a kernel there are no names to complete, and no errors") {
  const Finished run = run_program(DKVM_BIN_DIR "/dkvmctl __complete --socket /nowhere device ''");
  CHECK(run.status == 0);
  CHECK(run.output == "words\n");
}
