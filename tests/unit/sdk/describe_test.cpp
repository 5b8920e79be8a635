#include <dkvm/describe.hpp>
#include <dkvm/device.hpp>

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace dkvm;
using nlohmann::json;

TEST_CASE("a manifest is JSON, whatever its texts hold") {
  Manifest manifest;
  manifest.type = "acme-pedal";
  manifest.summary = "quotes \" and \\, a\nnew line, a\ttab, a \x01 and ü";
  const json described = json::parse(describe(manifest));
  CHECK(described["dkvm"] == 1);
  CHECK(described["type"] == "acme-pedal");
  CHECK(described["summary"] == manifest.summary);
  CHECK(described["ports"] == json::array());
  CHECK(described["config"] == json::array());
}

TEST_CASE("a device describes the ports that it declares, numbered from 1") {
  Device device("acme-pedal", "A pedal", "2.1.0");
  device.source<Key, InputState>({.name = "keys", .help = "what the foot does", .live = true});
  device.sink({.name = "lights", .help = "", .injects = true}, {"acme/light", "*"});
  const json described = json::parse(describe(device.manifest()));
  CHECK(described["version"] == "2.1.0");
  CHECK(described["ports"] == json::parse(R"([{"id": 1, "name": "keys", "direction": "source",
                         "topics": ["key", "input_state"], "live": true, "help": "what the foot does"},
                        {"id": 2, "name": "lights", "direction": "sink",
                         "topics": ["acme/light", "*"], "injects": true, "help": ""}])"));
}

TEST_CASE("configuration keys are described with type, default, choices and need") {
  Device device("acme-pedal", "A pedal");
  device.option({"rate", ValueType::duration, "10ms", "how often", false, {}});
  device.option({"side", ValueType::text, "", "which", true, {"left", "right"}});
  const json described = json::parse(describe(device.manifest()));
  CHECK(
      described["config"] ==
      json::parse(R"([{"name": "rate", "type": "duration", "default": "10ms", "help": "how often"},
                        {"name": "side", "type": "text", "required": true,
                         "choices": ["left", "right"], "help": "which"}])"));
}

TEST_CASE("every type of value has a name of its own") {
  CHECK(detail::value_type_name(ValueType::text) == "text");
  CHECK(detail::value_type_name(ValueType::integer) == "integer");
  CHECK(detail::value_type_name(ValueType::number) == "number");
  CHECK(detail::value_type_name(ValueType::boolean) == "boolean");
  CHECK(detail::value_type_name(ValueType::duration) == "duration");
  CHECK(detail::value_type_name(ValueType::path) == "path");
  CHECK(detail::value_type_name(ValueType::list) == "list");
  CHECK(detail::value_type_name(ValueType::map) == "map");
}

TEST_CASE("abilities are described as they are declared") {
  Device device("acme-hub", "A hub");
  json described = json::parse(describe(device.manifest()));
  CHECK(described["runtime_ports"] == false);
  CHECK(described["cleanup"] == false);
  CHECK(described["fds"] == false);
  device.open_ports_at_run_time();
  device.on_cleanup([](auto) -> Result<> { return {}; });
  described = json::parse(describe(device.manifest()));
  CHECK(described["runtime_ports"] == true);
  CHECK(described["cleanup"] == true);
}
