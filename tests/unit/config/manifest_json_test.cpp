#include "config/manifest_json.hpp"

#include "corpus_devices.hpp"

#include <dkvm/describe.hpp>

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

std::string with(const std::string& fields) {
  return R"({"dkvm": 1, "type": "camera")" + (fields.empty() ? "" : ", " + fields) + "}";
}

std::string error_of(const std::string& json) {
  const auto manifest = parse_manifest(json);
  return manifest ? "" : manifest.error().message();
}

}  // namespace

TEST_CASE("a manifest with everything in it is read") {
  const auto manifest = parse_manifest(with(R"(
    "version": "1.2", "summary": "Frames", "fds": true, "cleanup": true, "runtime_ports": true,
    "ports": [{"id": 3, "name": "frames", "direction": "source", "topics": ["display_frame", "*"],
               "live": true, "help": "h", "colour": "ignored"},
              {"id": 4, "name": "keys", "direction": "sink", "injects": true}],
    "config": [{"name": "video.rate", "type": "integer", "default": 60, "help": "Hz",
                "required": true, "choices": ["30", "60"]}])"));
  REQUIRE(manifest);
  CHECK(manifest->type == "camera");
  CHECK(manifest->fds);
  CHECK(manifest->cleanup);
  CHECK(manifest->runtime_ports);
  REQUIRE(manifest->ports.size() == 2);
  CHECK(manifest->ports[0].id == 3);
  CHECK(manifest->ports[0].topics == std::vector<std::string>{"display_frame", "*"});
  CHECK(manifest->ports[0].live);
  CHECK(manifest->ports[1].direction == wire::Direction::sink);
  CHECK(manifest->ports[1].injects);
  REQUIRE(manifest->keys.size() == 1);
  CHECK(manifest->keys[0].type == ValueType::integer);
  CHECK(manifest->keys[0].fallback == "60");
  CHECK(manifest->keys[0].required);
  CHECK(manifest->keys[0].choices.size() == 2);
}

TEST_CASE("what is absent is empty or false") {
  const auto manifest = parse_manifest(with(""));
  REQUIRE(manifest);
  CHECK(manifest->ports.empty());
  CHECK_FALSE(manifest->fds);
}

TEST_CASE("a printed manifest is read back the same") {
  DeviceConfig device;
  for (const std::string& type : test::CorpusDevices().types()) {
    device.type = type;
    const test::CorpusDevices devices;
    const std::string printed = describe(*devices.find(device));
    const auto again = parse_manifest(printed);
    REQUIRE(again);
    CHECK(describe(*again) == printed);
    CHECK(again->keys.size() == devices.find(device)->keys.size());
  }
}

TEST_CASE("what is no manifest is refused with the field that is wrong") {
  CHECK(error_of("").starts_with("this is no manifest"));
  CHECK(error_of("[1]").starts_with("this is no manifest"));
  CHECK(error_of(R"({"dkvm": "1"})").starts_with("this is no manifest"));
  CHECK(error_of(R"({"dkvm": 1})") == "manifest: 'type' is missing");
  CHECK(error_of(R"({"dkvm": 1, "type": 5})") == "manifest: 'type' is no text");
  CHECK(error_of(with(R"("fds": "yes")")) == "manifest: 'fds' is neither true nor false");
  CHECK(error_of(with(R"("ports": {})")) == "manifest: 'ports' is no list");
  CHECK(error_of(with(R"("ports": [7])")) == "port 0: expected an object");
  CHECK(error_of(with(R"("ports": [{"id": -1}])")) == "port 0: 'id' is no number from 0 to 65534");
  CHECK(error_of(with(R"("ports": [{"id": 1, "name": "Keys", "direction": "sink"}])"))
            .starts_with("port 0: 'name' is no name"));
  CHECK(error_of(with(R"("ports": [{"id": 1, "name": "a", "direction": "both"}])")) ==
        "port 0: 'direction' is neither 'source' nor 'sink'");
  CHECK(error_of(with(R"("config": [{"name": "a", "type": "number", "min": "1"}])")) ==
        "configuration key 0: 'min' is no number");
  CHECK(error_of(with(R"("config": [{"name": "a", "type": "colour"}])"))
            .starts_with("configuration key 0: 'type' is none of text, integer"));
}

TEST_CASE("two ports or keys of one name are refused") {
  const std::string port = R"({"id": 1, "name": "a", "direction": "sink"})";
  const std::string other = R"({"id": 2, "name": "a", "direction": "sink"})";
  const std::string back = R"({"id": 2, "name": "a", "direction": "source"})";
  CHECK(error_of(with("\"ports\": [" + port + "," + port + "]")) == "two ports have the id 1");
  CHECK(error_of(with("\"ports\": [" + port + "," + other + "]")) == "two ports are called 'a'");
  CHECK(error_of(with("\"ports\": [" + port + "," + back + "]")) == "");
  CHECK(error_of(
            with(R"("config": [{"name": "k", "type": "text"}, {"name": "k", "type": "map"}])")) ==
        "two configuration keys are called 'k'");
}

TEST_CASE("another format asks for another version") {
  const auto manifest = parse_manifest(R"({"dkvm": 2, "type": "camera"})");
  REQUIRE_FALSE(manifest);
  CHECK(manifest.error().code() == Errc::unsupported);
}

TEST_CASE("a manifest without measure is refused before it is read") {
  CHECK_FALSE(parse_manifest(std::string(kManifestBytesMax + 1, ' ')));
  CHECK_FALSE(parse_manifest(std::string(kManifestBytesMax, '[')));
  std::string ports = with("");
  ports = R"({"dkvm": 1, "type": "camera", "ports": [1)";
  for (int i = 0; i < 256; ++i) ports += ",1";
  CHECK(error_of(ports + "]}") == "manifest: 'ports' has 257 items, expected at most 256");
}
