#include "config/loader.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

constexpr const char* kFile = "/etc/dkvm/kvm.yaml";

tl::expected<Config, ConfigErrors> load(std::string_view text, const LoadOptions& options = {}) {
  return load_config_text(text, kFile, options);
}

// A file of COUNT entries.
std::string repeated(std::string head, std::size_t count, const std::string& before,
                     const std::string& after) {
  for (std::size_t i = 0; i < count; ++i) head += before + std::to_string(i) + after;
  return head;
}

}  // namespace

TEST_CASE("every key of a device arrives in the model") {
  const auto config = load(R"(
devices:
  control:
    exec: [./control, --level, 3]
    args: [--more]
    config: {socket: control.sock}
    env: {DISPLAY: ":0", DEBUG: 1}
    enabled: false
    trusted: true
    restart: {policy: always, initial: 100ms, factor: 1.5, max: 1m, jitter: 5%, healthy: 1.5s}
    health: {interval: 500ms, misses: 5}
    limits: {memory: 1GiB, open_files: 256, processes: 8, core: 0, nice: -5, log_rate: 2kB/s, buffers: 1.5GiB}
    grants: [{target: kernel, methods: [devices.*, log.tail]}]
)");
  REQUIRE(config);
  const DeviceConfig* device = config->device("control");
  REQUIRE(device != nullptr);
  CHECK(device->type.empty());
  CHECK(device->exec == std::vector<std::string>{"/etc/dkvm/control", "--level", "3"});
  CHECK(device->args == std::vector<std::string>{"--more"});
  CHECK(device->config.value == nlohmann::json{{"socket", "control.sock"}});
  CHECK(device->env.at("DISPLAY") == ":0");
  CHECK(device->env.at("DEBUG") == "1");
  CHECK_FALSE(device->enabled);
  CHECK(device->trusted);
  CHECK(device->restart.policy == RestartConfig::Policy::always);
  CHECK(device->restart.initial == 100ms);
  CHECK(device->restart.factor == 1.5);
  CHECK(device->restart.max == 1min);
  CHECK(device->restart.jitter == Approx(0.05));
  CHECK(device->restart.healthy == 1500ms);
  REQUIRE(device->health);
  CHECK(device->health->interval == 500ms);
  CHECK(device->health->misses == 5u);
  CHECK(device->limits.memory == 1ull << 30);
  CHECK(device->limits.open_files == 256u);
  CHECK(device->limits.core == 0u);
  CHECK(device->limits.nice == -5);
  CHECK(device->limits.log_rate == 2000u);
  CHECK(device->limits.buffers == 3ull << 29);
  REQUIRE(device->grants.size() == 1);
  CHECK(device->grants[0].target == "kernel");
  REQUIRE(device->grants[0].methods.size() == 2);
  CHECK(device->grants[0].methods[0].name == "devices.*");
  CHECK(device->grants[0].methods[1].name == "log.tail");
  CHECK(to_string(device->at) == "/etc/dkvm/kvm.yaml:3:3");
}

TEST_CASE("a device that says only its type gets the documented defaults") {
  const auto config = load("devices: {keyboard: {type: dummy-keyboard-source}}");
  REQUIRE(config);
  const DeviceConfig& device = config->devices[0];
  CHECK(device.enabled);
  CHECK(device.restart.policy == RestartConfig::Policy::on_failure);
  CHECK(device.restart.initial == 250ms);
  CHECK(device.restart.factor == 2);
  CHECK(device.restart.max == 30s);
  CHECK(device.restart.jitter == 0.2);
  CHECK(device.restart.healthy == 10s);
  CHECK_FALSE(device.health);
  CHECK(device.config.value.is_null());
}

TEST_CASE("every key of a pipeline arrives in the model") {
  const auto config = load(R"(
devices: {}
pipelines:
  - name: typing
    from: [keyboard, desk/keys]
    to: link/laptop
    events: key
    via: [{filter: [key]}, {remap: {KEY_A: KEY_B}}]
    queue: {policy: drop-oldest, depth: 16, max_age: off}
    enabled: false
)");
  REQUIRE(config);
  const PipelineConfig& pipeline = config->pipelines[0];
  CHECK(pipeline.from[0] == Address{"keyboard", "", {}});
  CHECK(pipeline.from[1] == Address{"desk", "keys", {}});
  CHECK(pipeline.to[0] == Address{"link", "laptop/typing", {}});
  CHECK(pipeline.events[0].name == "key");
  CHECK(pipeline.via[1].name == "remap");
  CHECK(pipeline.via[1].args.value == nlohmann::json{{"KEY_A", "KEY_B"}});
  CHECK(to_string(pipeline.via[1].args.place("/KEY_A").value) == "/etc/dkvm/kvm.yaml:8:44");
  CHECK(pipeline.queue.policy == QueueConfig::Policy::drop_oldest);
  CHECK(pipeline.queue.depth == 16u);
  CHECK(pipeline.queue.max_age == 0ms);
  CHECK_FALSE(pipeline.enabled);
}

TEST_CASE("the kernel's paths are of the folder of the file") {
  const auto config = load("kernel: {runtime_dir: run, log: {file: ../log/kvm.log}}");
  REQUIRE(config);
  CHECK(config->kernel.runtime_dir == "/etc/dkvm/run");
  CHECK(config->kernel.log.file == "/etc/log/kvm.log");
}

TEST_CASE("a program without a slash is left for PATH") {
  const auto config = load("devices: {a: {exec: [python3, a.py]}, b: {exec: [bin/b]}}");
  REQUIRE(config);
  CHECK(config->devices[0].exec[0] == "python3");
  CHECK(config->devices[1].exec[0] == "/etc/dkvm/bin/b");
}

TEST_CASE("the runtime folder follows the environment and the user") {
  LoadOptions options;
  options.env = [](const std::string& name) {
    return name == "XDG_RUNTIME_DIR" ? std::optional<std::string>("/run/user/7") : std::nullopt;
  };
  options.uid = 7;
  CHECK(load("devices: {}", options)->kernel.runtime_dir == "/run/user/7/dkvm");
  options.env = nullptr;
  CHECK(load("devices: {}", options)->kernel.runtime_dir == "/tmp/dkvm-7");
  options.uid = 0;
  CHECK(load("devices: {}", options)->kernel.runtime_dir == "/run/dkvm");
  options.env = [](const std::string&) { return std::optional<std::string>("relative"); };
  CHECK(load("devices: {}", options)->kernel.runtime_dir == "/run/dkvm");
}

TEST_CASE("a service runs in the folder that its manager has made for it") {
  std::string made = "/run/user/7/of-the-unit";
  LoadOptions options;
  options.env = [&](const std::string& name) {
    return std::optional<std::string>(name == "RUNTIME_DIRECTORY" ? made : "/run/user/7");
  };
  CHECK(load("devices: {}", options)->kernel.runtime_dir == "/run/user/7/of-the-unit");
  made = "/run/one:/run/two";  // which of them is not for us to guess
  CHECK(load("devices: {}", options)->kernel.runtime_dir == "/run/user/7/dkvm");
  CHECK(load("kernel: {runtime_dir: /run/named}", options)->kernel.runtime_dir == "/run/named");
}

TEST_CASE("a kernel without a name is called like its host, in the letters of names") {
  LoadOptions options;
  options.hostname = "Büro-PC.example.org";
  CHECK(load("devices: {}", options)->kernel.name == "bro-pc");
  options.hostname = "--";
  CHECK(load("devices: {}", options)->kernel.name == "kernel");
  CHECK(load("kernel: {name: desk}", options)->kernel.name == "desk");
}

TEST_CASE("names that the file uses lead to the same values as in the model") {
  CHECK(name(RestartConfig::Policy::on_failure) == "on-failure");
  CHECK(name(QueueConfig::Policy::drop_oldest) == "drop-oldest");
  CHECK(name(KernelConfig::ExitWhen::finished) == "finished");
  CHECK(name(load("kernel: {log: {level: warning}}")->kernel.log.level) == "warning");
}

TEST_CASE("a pipeline is parsed alone, from YAML as from JSON") {
  const auto yaml = parse_pipeline_text("{name: p, from: a, to: link/b}", "call");
  const auto json = parse_pipeline_text(R"({"name": "p", "from": ["a"], "to": "link/b"})", "call");
  REQUIRE(yaml);
  REQUIRE(json);
  CHECK(yaml->from == json->from);
  CHECK(json->to[0].text() == "link/b/p");
  const auto wrong = parse_pipeline_text(R"({"name": "p", "from": "a", "two": "b"})", "call");
  REQUIRE_FALSE(wrong);
  CHECK(to_string(wrong.error()[0]) == "call:1:10: pipeline 'p' has no 'to', expected one");
}

TEST_CASE("includes are refused where the text is a stranger's") {
  LoadOptions options;
  options.includes = false;
  const auto config = load("include: /etc/passwd", options);
  REQUIRE_FALSE(config);
  CHECK(config.error().size() == 1);
  CHECK(config.error()[0].message == "'include' is not allowed here, expected all in one text");
}

TEST_CASE("a file that is not there is an error of the file as a whole") {
  const auto config = load_config("/nowhere/kvm.yaml", {});
  REQUIRE_FALSE(config);
  CHECK(to_string(config.error()) ==
        "/nowhere/kvm.yaml: cannot be read, expected a YAML file: No such file or directory\n");
}

TEST_CASE("a folder and an endless file are no configuration") {
  CHECK(to_string(load_config("/", {}).error()) ==
        "/: cannot be read, expected a YAML file: it is a folder\n");
  CHECK(to_string(load_config("/dev/zero", {}).error()) ==
        "/dev/zero: the file is larger than 1048576 bytes, expected less\n");
}

TEST_CASE("as many devices and pipelines as allowed load, one more is refused once") {
  const auto devices = [](std::size_t count) {
    return load(repeated("devices:\n", count, "  d", ": {type: camera}\n"));
  };
  CHECK(devices(kDevicesMax)->devices.size() == kDevicesMax);
  const auto many_devices = devices(kDevicesMax + 3);
  REQUIRE_FALSE(many_devices);
  CHECK(to_string(many_devices.error()) ==
        "/etc/dkvm/kvm.yaml:1026:3: more than 1024 devices, expected less\n");

  const auto pipelines = [](std::size_t count) {
    return load(repeated("pipelines:\n", count, "  - {name: p", ", from: a, to: b}\n"));
  };
  CHECK(pipelines(kPipelinesMax)->pipelines.size() == kPipelinesMax);
  const auto many_pipelines = pipelines(kPipelinesMax + 3);
  REQUIRE_FALSE(many_pipelines);
  CHECK(to_string(many_pipelines.error()) ==
        "/etc/dkvm/kvm.yaml:4098:5: more than 4096 pipelines, expected less\n");
}

TEST_CASE("past the limit of errors the last line says how many more there are") {
  const auto last_of = [](std::size_t errors) {
    const auto config = load(repeated("devices:\n", errors, "  d", ": 1\n"));
    REQUIRE_FALSE(config);
    CHECK(config.error().size() == std::min(errors, kConfigErrorsMax + 1));
    return to_string(config.error().back());
  };
  CHECK(last_of(50).starts_with("/etc/dkvm/kvm.yaml:51:"));
  CHECK(last_of(51) == "/etc/dkvm/kvm.yaml: and 1 more error");
  CHECK(last_of(120) == "/etc/dkvm/kvm.yaml: and 70 more errors");
}

TEST_CASE("a file that is no configuration at all is not repeated in the error") {
  for (const char* text :
       {"root:$6$secret:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n", "password: hunter2\n"}) {
    const auto config = load(text);
    REQUIRE_FALSE(config);
    CHECK(to_string(config.error()) ==
          "/etc/dkvm/kvm.yaml:1:1: the file is no configuration, expected a map (key: value) with "
          "'devices'\n");
  }
}

TEST_CASE("text that opens and never closes is refused whatever its size") {
  for (const char* piece :
       {"[", "{a: ", "- ", "? ", "a: ", "&a ", "*a ", "!", "'", "\"", "|\n", "# "}) {
    std::string text;
    while (text.size() < kConfigFileBytesMax - 8) text += piece;
    INFO(piece);
    CHECK_FALSE(load(text));
  }
}
