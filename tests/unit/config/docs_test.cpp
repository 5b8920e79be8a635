#include "config/kernel_methods.hpp"
#include "config/limits.hpp"
#include "pipelines/policy.hpp"
#include "pipelines/stages/registry.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace {

std::string read(const std::string& path) {
  std::ifstream stream(std::string(DKVM_SOURCE_DIR) + '/' + path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void collect_properties(const nlohmann::json& schema, std::set<std::string>& names) {
  if (schema.is_object() && schema.contains("properties"))
    for (const auto& [name, property] : schema["properties"].items()) names.insert(name);
  if (schema.is_structured())
    for (const nlohmann::json& part : schema) collect_properties(part, names);
}

}  // namespace

TEST_CASE("every key of the JSON Schema is explained in docs/config.md") {
  const auto schema = nlohmann::json::parse(read("config/schema/kvm.schema.json"), nullptr, false);
  REQUIRE(schema.is_object());
  std::set<std::string> names;
  collect_properties(schema, names);
  CHECK(names.size() > 40);
  const std::string docs = read("docs/config.md");
  for (const std::string& name : names) {
    INFO(name);
    CHECK(docs.find('`' + name + '`') != std::string::npos);
  }
}

TEST_CASE("every key of the JSON Schema has a description") {
  const auto schema = nlohmann::json::parse(read("config/schema/kvm.schema.json"), nullptr, false);
  REQUIRE(schema.is_object());
  for (const auto& [type, definition] : schema["definitions"].items()) {
    if (!definition.contains("properties")) continue;
    for (const auto& [name, property] : definition["properties"].items()) {
      INFO(type << "." << name);
      CHECK(property.contains("description"));
    }
  }
}

TEST_CASE("every stage that there is stands in the JSON Schema and in docs/config.md") {
  const auto schema = nlohmann::json::parse(read("config/schema/kvm.schema.json"), nullptr, false);
  REQUIRE(schema.is_object());
  std::set<std::string> in_schema;
  for (const auto& [name, stage] : schema["definitions"]["stage"]["properties"].items())
    in_schema.insert(name);
  std::set<std::string> known;
  const std::string docs = read("docs/config.md");
  for (const dkvm::StageKind& stage : dkvm::known_stages()) {
    known.emplace(stage.name);
    INFO(stage.name);
    CHECK(docs.find(fmt::format("\n| `{}` | ", stage.name)) != std::string::npos);
  }
  CHECK(in_schema == known);
}

TEST_CASE("every method of the kernel is in the protocol page") {
  const std::string docs = read("docs/protocol.md");
  for (const std::string_view method : dkvm::kKernelMethods) {
    INFO(method);
    CHECK(docs.find(fmt::format("`{}`", method)) != std::string::npos);
  }
}

TEST_CASE("the depth that a file may ask of a queue is the one that queues take") {
  CHECK(dkvm::kConfigQueueDepthMax == dkvm::kQueueDepthMax);
}
