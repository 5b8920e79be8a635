#include "kernel/setup/catalog.hpp"

#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;

namespace {

constexpr const char* kPedal =
    R"({"dkvm": 1, "type": "acme-pedal", "version": "1", "summary": "", "ports": [], "config": []})";

// Programs that answer when the test says so.
struct Programs {
  std::vector<std::vector<Program>> asked;
  std::vector<std::function<void(Catalog::Answers)>> waiting;

  Catalog::Ask ask() {
    return [this](std::vector<Program> programs, std::function<void(Catalog::Answers)> done) {
      asked.push_back(std::move(programs));
      waiting.push_back(std::move(done));
    };
  }
  void answer(Catalog::Answers answers) {
    REQUIRE_FALSE(waiting.empty());
    const auto done = std::move(waiting.front());
    waiting.erase(waiting.begin());
    done(std::move(answers));
  }
};

DeviceConfig device_of(const std::string& name, std::vector<std::string> exec) {
  DeviceConfig device;
  device.name = name;
  device.exec = std::move(exec);
  return device;
}

Config config_of(std::vector<DeviceConfig> devices) {
  Config config;
  config.devices = std::move(devices);
  return config;
}

// Replaces the file, as a build does.
void build(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  REQUIRE(::chmod((path + ".new").c_str(), 0755) == 0);
  std::filesystem::rename(path + ".new", path);
}

}  // namespace

TEST_CASE("exec devices are asked in one go, once for the same command, with their environment") {
  Programs programs;
  Catalog catalog({}, programs.ask());
  DeviceConfig pedal = device_of("a", {"/bin/pedal", "--port", "3"});
  pedal.args = {"--fast"};
  pedal.env["DISPLAY"] = ":0";
  DeviceConfig twin = pedal;
  twin.name = "twin";
  int done = 0;
  catalog.ask(config_of({pedal, twin, device_of("b", {"/bin/other"})}), [&] { ++done; });

  REQUIRE(programs.asked.size() == 1);
  REQUIRE(programs.asked[0].size() == 2);
  CHECK(programs.asked[0][0].path == "/bin/pedal");
  CHECK(programs.asked[0][0].args == std::vector<std::string>{"--port", "3", "--fast"});
  CHECK(programs.asked[0][0].env.back() == "DISPLAY=:0");
  CHECK(programs.asked[0][1].path == "/bin/other");
  CHECK(done == 0);
  CHECK(catalog.find(pedal) == nullptr);
  CHECK(catalog.doubt(pedal).empty());

  programs.answer({std::string(kPedal), fail(Errc::timeout, "no answer in time")});
  CHECK(done == 1);
  REQUIRE(catalog.find(twin) != nullptr);
  CHECK(catalog.find(twin)->type == "acme-pedal");
  CHECK(catalog.doubt(device_of("b", {"/bin/other"})) == "no answer in time");
}

TEST_CASE("what has answered is not asked again, what has not is") {
  Programs programs;
  Catalog catalog({}, programs.ask());
  const Config config =
      config_of({device_of("good", {"/bin/true"}), device_of("bad", {"/bin/sh"})});
  catalog.ask(config, [] {});
  programs.answer({std::string(kPedal), std::string("no manifest")});
  CHECK_FALSE(catalog.doubt(config.devices[1]).empty());

  catalog.ask(config, [] {});
  REQUIRE(programs.asked.size() == 2);
  REQUIRE(programs.asked[1].size() == 1);
  CHECK(programs.asked[1][0].path == "/bin/sh");
  programs.answer({std::string(kPedal)});

  bool done = false;
  catalog.ask(config, [&] { done = true; });
  CHECK(programs.asked.size() == 2);
  CHECK(done);
}

TEST_CASE("a program, or its script, that was built anew is stale and asked again") {
  const test::TempDir folder;
  const std::string program = folder.file("pedal");
  const std::string script = folder.file("pedal.py");
  build(program, "1");
  build(script, "1");
  Programs programs;
  Catalog catalog({}, programs.ask());
  const Config config = config_of({device_of("a", {program, script, "no-file"})});
  const DeviceConfig& device = config.devices[0];
  CHECK_FALSE(catalog.is_stale(device));  // it was never asked
  catalog.ask(config, [] {});
  programs.answer({std::string(kPedal)});
  CHECK_FALSE(catalog.is_stale(device));

  for (const std::string& file : {program, script}) {
    build(file, "1");  // the same size
    CHECK(catalog.is_stale(device));
    bool done = false;
    catalog.ask_again(device, [&] { done = true; });
    CHECK_FALSE(done);
    programs.answer({std::string(kPedal)});
    CHECK(done);
    CHECK_FALSE(catalog.is_stale(device));
  }

  build(program, "other");
  catalog.ask(config, [] {});
  CHECK(programs.asked.size() == 4);
}

TEST_CASE("a program that changes while it is asked is stale when it has answered") {
  const test::TempDir folder;
  const std::string program = folder.file("pedal");
  build(program, "1");
  Programs programs;
  Catalog catalog({}, programs.ask());
  const Config config = config_of({device_of("a", {program})});
  catalog.ask(config, [] {});
  build(program, "2");
  programs.answer({std::string(kPedal)});
  CHECK(catalog.is_stale(config.devices[0]));
}

TEST_CASE("a program without a slash is looked up in the PATH that it gets") {
  const test::TempDir folder;
  std::filesystem::create_directory(folder.file("bin"));
  build(folder.file("bin/pedal"), "1");
  CHECK(find_in_path("pedal", "/nowhere:" + folder.file("bin")) == folder.file("bin/pedal"));
  CHECK(find_in_path("pedal", "/nowhere") == "");
  CHECK(find_in_path("./pedal", "/nowhere") == "./pedal");

  Programs programs;
  Catalog catalog({}, programs.ask());
  DeviceConfig device = device_of("a", {"pedal"});
  device.env["PATH"] = folder.file("bin");
  catalog.ask(config_of({device}), [] {});
  programs.answer({std::string(kPedal)});
  build(folder.file("bin/pedal"), "2");
  CHECK(catalog.is_stale(device));
}

TEST_CASE("devices that are no longer configured are forgotten") {
  Programs programs;
  Catalog catalog({}, programs.ask());
  const DeviceConfig device = device_of("a", {"/bin/true"});
  catalog.ask(config_of({device}), [] {});
  programs.answer({std::string(kPedal)});
  catalog.ask(config_of({}), [] {});
  CHECK(catalog.find(device) == nullptr);
  catalog.ask(config_of({device}), [] {});
  CHECK(programs.asked.size() == 2);
}

TEST_CASE("types are the manifests in the folders, the first folder wins, and a new one is seen") {
  const test::TempDir folder;
  for (const std::string name : {"first", "second"})
    std::filesystem::create_directory(folder.file(name));
  const auto manifest = [](const std::string& version) {
    return R"({"dkvm": 1, "type": "pedal", "version": ")" + version +
           R"(", "summary": "", "ports": [], "config": []})";
  };
  build(folder.file("first/dkvm-pedal.manifest.json"), manifest("1"));
  build(folder.file("second/dkvm-pedal.manifest.json"), manifest("2"));
  build(folder.file("second/dkvm-torn.manifest.json"), "{");
  build(folder.file("second/dkvm-pedal"), "");
  Programs programs;
  Catalog catalog({folder.file("first"), folder.file("second")}, programs.ask());
  CHECK(catalog.types() == std::vector<std::string>{"pedal"});
  DeviceConfig device;
  device.type = "pedal";
  CHECK(catalog.program_of(device) == folder.file("second/dkvm-pedal"));
  REQUIRE(catalog.find(device) != nullptr);
  CHECK(catalog.find(device)->version == "1");
  CHECK_FALSE(catalog.is_stale(device));

  build(folder.file("first/dkvm-pedal.manifest.json"), manifest("3"));
  CHECK(catalog.is_stale(device));
  bool done = false;
  catalog.ask_again(device, [&] { done = true; });
  CHECK(done);
  CHECK(catalog.find(device)->version == "3");
  CHECK(programs.asked.empty());
}
