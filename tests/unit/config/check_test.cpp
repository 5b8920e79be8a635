#include "config/check.hpp"

#include "config/loader.hpp"
#include "corpus_devices.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

// Knows nothing: as if no device type were installed.
class NoDevices final : public ManifestSource {
 public:
  const Manifest* find(const DeviceConfig&) const override { return nullptr; }
  std::vector<std::string> types() const override { return {}; }
};

Config load(const std::string& text) {
  auto config = load_config_text(text, "/etc/dkvm/kvm.yaml", {});
  REQUIRE(config);
  return std::move(*config);
}

}  // namespace

TEST_CASE("devices whose manifest is not known are left unchecked") {
  const Config config = load(R"(
devices: {a: {type: anything, config: {any: key}}, b: {exec: [b]}}
pipelines: [{name: p, from: a/any, to: b, events: [acme/pedal]}, {name: q, from: b, to: link/x}]
)");
  CHECK(to_string(check_config(config, NoDevices(), {})) == "");
}

TEST_CASE("a pipeline that is made later is checked against all that is there") {
  Config config = load(R"(
devices: {one: {type: key-echo}, two: {type: key-echo}}
pipelines: [{name: p, from: one, to: two}]
)");
  CHECK(check_config(config, test::CorpusDevices(), {}).empty());
  config.pipelines.push_back(*parse_pipeline_text("{name: q, from: two, to: one}", "call"));
  CHECK(to_string(check_config(config, test::CorpusDevices(), {})) ==
        "call:1:26: events would go round in a cycle (one -> two -> one), expected pipelines that "
        "lead one way\n");
}

TEST_CASE("a chain through every device that may be is no cycle") {
  std::string text = "devices:\n", pipelines = "pipelines:\n";
  for (std::size_t i = 0; i < kDevicesMax; ++i) {
    text += "  d" + std::to_string(i) + ": {type: key-echo}\n";
    if (i > 0)
      pipelines += "  - {name: p" + std::to_string(i) + ", from: d" + std::to_string(i - 1) +
                   ", to: d" + std::to_string(i) + "}\n";
  }
  CHECK(to_string(check_config(load(text + pipelines), test::CorpusDevices(), {})) == "");
}

TEST_CASE("paths of the configuration are of the folder of the file") {
  Config config = load(R"(
devices:
  a: {type: dummy-keyboard-source, config: {file: keys.jsonl}}
  b: {type: dummy-keyboard-source, config: {file: /var/keys.jsonl, mode: loop}}
  c: {type: tuner, config: {video: {device: ../video0}, label: plain}}
  d: {type: dummy-keyboard-sink, config: {file: "-"}}
  e: {exec: [e], config: {file: keys.jsonl}}
)");
  resolve_paths(config, test::CorpusDevices());
  CHECK(config.devices[0].config.value["file"] == "/etc/dkvm/keys.jsonl");
  CHECK(config.devices[1].config.value["file"] == "/var/keys.jsonl");
  CHECK(config.devices[1].config.value["mode"] == "loop");
  CHECK(config.devices[2].config.value["video"]["device"] == "/etc/video0");
  CHECK(config.devices[2].config.value["label"] == "plain");
  CHECK(config.devices[3].config.value["file"] == "-");
  CHECK(config.devices[4].config.value["file"] == "keys.jsonl");
}

TEST_CASE("a kernel that ends with its sources needs some that finish") {
  const auto errors = [](const std::string& keyboard, const std::string& pipeline) {
    return to_string(check_config(load("kernel: {exit_when: finished}\n"
                                       "devices:\n"
                                       "  off: {exec: [off], enabled: false, restart: always}\n"
                                       "  keyboard: {exec: [keyboard]" +
                                       keyboard +
                                       "}\n"
                                       "  typed: {exec: [typed], restart: always}\n"
                                       "pipelines:\n"
                                       "  - {name: p, from: [keyboard, off], to: typed" +
                                       pipeline + "}\n"),
                                  NoDevices(), {}));
  };
  const std::string none =
      "/etc/dkvm/kvm.yaml:1:21: 'kernel.exit_when' is 'finished', but no pipeline that is enabled "
      "has a source that is, expected one, or exit_when: never\n";
  CHECK(errors("", "") == "");
  CHECK(errors(", enabled: false", "") == none);
  CHECK(errors("", ", enabled: false") == none);
  CHECK(errors(", restart: always", "") ==
        "/etc/dkvm/kvm.yaml:4:3: device 'keyboard' with 'restart: always' never finishes, and the "
        "kernel waits for it ('exit_when: finished'), expected on-failure or never\n");
}
