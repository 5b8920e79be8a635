#include "tests/support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace dkvm;

TEST_CASE("every port and configuration key of a codec device is in docs/media.md, as it is") {
  const std::string text = test::read_file(DKVM_SOURCE_DIR "/docs/media.md");
  for (const char* type : {"video-encoder", "video-decoder", "audio-encoder", "audio-decoder"}) {
    const auto manifest = nlohmann::json::parse(
        test::read_file(std::string(DKVM_BIN_DIR "/dkvm-") + type + ".manifest.json"));
    const auto row_of = [&](const std::string& name) {
      const auto at = text.find(fmt::format("\n| `{}` | ", name));
      return at == std::string::npos ? std::string()
                                     : text.substr(at, text.find('\n', at + 1) - at);
    };
    CHECK_FALSE(row_of(type).empty());
    for (const auto& port : manifest["ports"]) {
      CHECK(row_of(type).find(fmt::format("`{}`", port["name"].get<std::string>())) !=
            std::string::npos);
      for (const auto& topic : port["topics"])
        CHECK(row_of(type).find(fmt::format("`{}`", topic.get<std::string>())) !=
              std::string::npos);
    }
    // Keys of one name stand in each device's table.
    std::string name_of_part = type;
    name_of_part.replace(name_of_part.find('-'), 1, 1, ' ');
    const std::string heading = fmt::format("\n## The {}\n", name_of_part);
    INFO(heading);
    const auto begin = text.find(heading);
    REQUIRE(begin != std::string::npos);
    const std::string part = text.substr(begin, text.find("\n## ", begin + 1) - begin);
    for (const auto& key : manifest["config"]) {
      const std::string name = key["name"];
      INFO(type << ": " << name);
      const auto at = part.find(fmt::format("\n| `{}` | ", name));
      REQUIRE(at != std::string::npos);
      const std::string row = part.substr(at, part.find('\n', at + 1) - at);
      const std::string fallback =
          key.contains("default") ? fmt::format("`{}`", key["default"].get<std::string>()) : "none";
      CHECK(row.find(fmt::format("| {} |", fallback)) != std::string::npos);
      if (key.contains("choices"))
        for (const auto& choice : key["choices"])
          CHECK(row.find(fmt::format("`{}`", choice.get<std::string>())) != std::string::npos);
    }
  }
}
