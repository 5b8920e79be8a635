#include <dkvm/config.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

using Variables = std::map<std::string, std::string>;

ConfigReader config_of(Variables variables, std::vector<KeyManifest> keys = {}) {
  return ConfigReader(
      std::move(keys),
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      });
}

template <class T>
void check_refused(const Result<T>& result, Errc code, std::string_view message) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == code);
  CHECK(result.error().message() == message);
}

}  // namespace

TEST_CASE("a key's variable is in upper case, with _ for - and __ between levels") {
  CHECK(ConfigReader::variable_of("rate") == "DKVM_CONFIG_RATE");
  CHECK(ConfigReader::variable_of("video.frame-rate") == "DKVM_CONFIG_VIDEO__FRAME_RATE");
  CHECK(ConfigReader::variable_of("files.1") == "DKVM_CONFIG_FILES__1");
}

TEST_CASE("a value is read as the type that is asked for") {
  const ConfigReader config = config_of({{"DKVM_CONFIG_NAME", "left pedal"},
                                         {"DKVM_CONFIG_COUNT", "-3"},
                                         {"DKVM_CONFIG_SCALE", "1.5"},
                                         {"DKVM_CONFIG_LOOP", "true"},
                                         {"DKVM_CONFIG_QUIET", "false"},
                                         {"DKVM_CONFIG_EVERY", "250ms"}});
  CHECK(config.text("name") == "left pedal");
  CHECK(config.integer("count") == -3);
  CHECK(config.number("scale") == 1.5);
  CHECK(config.flag("loop") == true);
  CHECK(config.flag("quiet") == false);
  CHECK(config.duration("every") == 250ms);
}

TEST_CASE("a key that is absent has the default of its manifest") {
  const std::vector<KeyManifest> keys = {{"rate", ValueType::integer, "60", "", false, {}},
                                         {"file", ValueType::path, "", "", true, {}}};
  CHECK(config_of({}, keys).integer("rate") == 60);
  CHECK(config_of({{"DKVM_CONFIG_RATE", "30"}}, keys).integer("rate") == 30);
  CHECK(config_of({}, keys).has("rate"));
  CHECK_FALSE(config_of({}, keys).has("file"));
  check_refused(config_of({}, keys).text("file"), Errc::invalid, "config key 'file' is required");
}

TEST_CASE("a number beyond the bounds of its manifest is refused with the bound") {
  KeyManifest rate = {"rate", ValueType::number, "60", "", false, {}};
  rate.min = 0.5;
  rate.max = 1000;
  const auto with = [&](const char* value) {
    return config_of({{"DKVM_CONFIG_RATE", value}}, {rate});
  };
  CHECK(with("0.5").number("rate") == 0.5);
  CHECK(with("1000").integer("rate") == 1000);
  check_refused(with("0.4").number("rate"), Errc::invalid,
                "config key 'rate': '0.4' is not at least 0.5");
  check_refused(with("1001").integer("rate"), Errc::invalid,
                "config key 'rate': '1001' is not at most 1000");
  CHECK_FALSE(with("nan").number("rate"));
}

TEST_CASE("an empty value that is set is not an absent one") {
  const std::vector<KeyManifest> keys = {{"prefix", ValueType::text, "dkvm", "", false, {}}};
  CHECK(config_of({{"DKVM_CONFIG_PREFIX", ""}}, keys).text("prefix") == "");
}

TEST_CASE("a value of another type is refused with the key, the value and what was expected") {
  const ConfigReader config = config_of({{"DKVM_CONFIG_A", "12x"}});
  check_refused(config.integer("a"), Errc::invalid, "config key 'a': '12x' is not a whole number");
  check_refused(config.number("a"), Errc::invalid, "config key 'a': '12x' is not a number");
  check_refused(config.flag("a"), Errc::invalid, "config key 'a': '12x' is not true or false");
  check_refused(config.duration("a"), Errc::invalid,
                "config key 'a': '12x' is not a duration such as 250ms or 1.5s");
}

TEST_CASE("a number outside of its range is refused with the range") {
  const ConfigReader config =
      config_of({{"DKVM_CONFIG_PORT", "70000"}, {"DKVM_CONFIG_EDGE", "65535"}});
  check_refused(config.integer("port", 1, 65535), Errc::invalid,
                "config key 'port': '70000' is not a number from 1 to 65535");
  CHECK(config.integer("edge", 1, 65535) == 65535);
}

TEST_CASE("a number that no integer can hold is refused") {
  const ConfigReader config = config_of({{"DKVM_CONFIG_N", "9223372036854775808"}});
  CHECK_FALSE(config.integer("n"));
}

TEST_CASE("a value that is none of the choices is refused with the choices") {
  const std::vector<KeyManifest> keys = {
      {"side", ValueType::text, "", "", true, {"left", "right"}}};
  CHECK(config_of({{"DKVM_CONFIG_SIDE", "left"}}, keys).text("side") == "left");
  check_refused(config_of({{"DKVM_CONFIG_SIDE", "up"}}, keys).text("side"), Errc::invalid,
                "config key 'side': 'up' is not one of left, right");
}

TEST_CASE("durations have a unit and are never negative") {
  CHECK(ConfigReader::parse_duration("10ns") == 10ns);
  CHECK(ConfigReader::parse_duration("10us") == 10us);
  CHECK(ConfigReader::parse_duration("1.5s") == 1500ms);
  CHECK(ConfigReader::parse_duration("2m") == 2min);
  CHECK(ConfigReader::parse_duration("1h") == 1h);
  for (const char* wrong : {"", "10", "ms", "-1s", "1 s", "1sec", "1s ", "inf", "infs", "nan",
                            "nans", "1e300h", "9223372037s"}) {
    INFO("'" << wrong << "'");
    CHECK_FALSE(ConfigReader::parse_duration(wrong));
  }
}

TEST_CASE("a list ends at its first missing index") {
  const ConfigReader config = config_of({{"DKVM_CONFIG_FILES__0", "a"},
                                         {"DKVM_CONFIG_FILES__1", "b"},
                                         {"DKVM_CONFIG_FILES__3", "d"}});
  CHECK(config.list("files") == std::vector<std::string>{"a", "b"});
  CHECK(config.list("none").empty());
}

TEST_CASE("the whole configuration is there as JSON, an empty map when there is none") {
  CHECK(config_of({{"DKVM_CONFIG", R"({"a":1})"}}).json() == R"({"a":1})");
  CHECK(config_of({}).json() == "{}");
}
