#include "tests/e2e/eventually.hpp"
#include "tests/integration/control/child.hpp"
#include "tests/support/run_program.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// What the README shows, as it is typed.
using namespace dkvm::test;

namespace {

const std::string kReadme = DKVM_SOURCE_DIR "/README.md";

// The first block of a language after a heading.
std::string block(const std::string& heading, const std::string& language) {
  const std::string text = read_text(kReadme);
  const auto section = text.find("\n## " + heading + "\n");
  REQUIRE(section != std::string::npos);
  const std::string fence = "\n```" + language + "\n";
  const auto begin = text.find(fence, section) + fence.size();
  const auto end = text.find("\n```", begin);
  REQUIRE(end != std::string::npos);
  return text.substr(begin, end - begin + 1);
}

// The commands of the first look that talk to the kernel and come to an end.
std::vector<std::string> ctl_commands() {
  const std::string text = read_text(kReadme);
  std::istringstream lines(text.substr(text.find("\n## A first look\n")));
  std::vector<std::string> commands;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("dkvmctl ")) continue;
    line = line.substr(0, line.find(" #"));
    if (line.find(" watch") == std::string::npos && line.find(" -f") == std::string::npos)
      commands.push_back(line);
  }
  return commands;
}

}  // namespace

TEST_CASE("The README's first look works as it is typed") {
  const TempDir dir;
  std::filesystem::create_directory_symlink(DKVM_SOURCE_DIR "/config", dir / "config");
  std::string yaml = block("A first look", "yaml");
  const std::string typed = "/tmp/typed.jsonl";  // of whoever tries it out just now
  REQUIRE(yaml.find(typed) != std::string::npos);
  yaml.replace(yaml.find(typed), typed.size(), dir / "typed.jsonl");
  std::ofstream(dir / "kvm.yaml") << yaml;
  const std::string here = "cd " + dir.path() + " && export XDG_RUNTIME_DIR=" + dir.path() +
                           " PATH=" DKVM_BIN_DIR ":$PATH && ";

  const Finished checked = run_program(here + "dkvm-kernel --config kvm.yaml --check");
  INFO(checked.output);
  REQUIRE(checked.status == 0);
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvm-kernel", "--config", dir / "kvm.yaml"};
  setup.environment = {"PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=" + dir.path()};
  setup.err = dir / "kernel.log";
  Child kernel(setup);
  INFO(read_text(setup.err));
  REQUIRE(eventually(kPatience, [&] { return run_program(here + "dkvmctl status").status == 0; }));
  CHECK(eventually(kPatience, [&] {
    return read_text(dir / "typed.jsonl").find("KEY_D") != std::string::npos;
  }));
  const auto commands = ctl_commands();
  CHECK(commands.size() >= 6);
  for (const std::string& command : commands) {
    const Finished run = run_program(here + command);
    INFO(command << "\n" << run.output);
    CHECK(run.status == 0);
  }
  CHECK(commands.back() == "dkvmctl stop");
  CHECK(eventually(kPatience, [&] { return kernel.ended().has_value(); }));
  CHECK(kernel.ended() == 0);
}

TEST_CASE("The README's device makes the log sound like a typewriter") {
  const TempDir dir;
  std::ofstream(dir / "keys.jsonl") << R"({"t":0,"key":"KEY_A","down":true})"
                                    << "\n"
                                    << R"({"t":0,"key":"KEY_A","down":false})"
                                    << "\n";
  std::ofstream(dir / "kvm.yaml")
      << "kernel: {exit_when: finished, runtime_dir: run}\n"
         "devices:\n"
         "  keyboard: {type: dummy-keyboard-source, config: {file: keys.jsonl, mode: once}}\n"
         "  typewriter: {exec: [" DKVM_README_TYPEWRITER
         "]}\n"
         "pipelines:\n"
         "  - {name: typing, from: keyboard, to: typewriter}\n";
  const Finished run =
      run_program("timeout 20 " DKVM_BIN_DIR "/dkvm-kernel --config " + (dir / "kvm.yaml"));
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(run.output.find("click") != std::string::npos);
  CHECK(run.output.find("clack") != std::string::npos);
}
