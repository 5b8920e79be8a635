#include "config/environment.hpp"

#include "config/loader.hpp"

#include <dkvm/limits.hpp>

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

DeviceConfig device_with(const std::string& rest) {
  auto config = load_config_text("devices: {mine: {exec: [mine], " + rest + "}}", "kvm.yaml", {});
  REQUIRE(config);
  return config->devices[0];
}

using Environment = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("a configuration becomes one variable a scalar and JSON as a whole") {
  const auto environment = device_environment(device_with(
      "config: {frame-rate: 60, video: {device: /dev/video0, Flip: true}, list: [a, {b: 1.5}], "
      "nothing: ~, 'odd key': 1}, env: {DISPLAY: ':0'}"));
  REQUIRE(environment);
  CHECK(*environment ==
        Environment{
            {"DISPLAY", ":0"},
            {"DKVM_CONFIG", R"({"frame-rate":60,"list":["a",{"b":1.5}],"nothing":null,"odd key":1,)"
                            R"("video":{"Flip":true,"device":"/dev/video0"}})"},
            {"DKVM_CONFIG_FRAME_RATE", "60"},
            {"DKVM_CONFIG_LIST__0", "a"},
            {"DKVM_CONFIG_LIST__1__B", "1.5"},
            {"DKVM_CONFIG_VIDEO__DEVICE", "/dev/video0"},
            {"DKVM_CONFIG_VIDEO__FLIP", "true"}});
}

TEST_CASE("a device without configuration still finds an empty one") {
  CHECK(*device_environment(device_with("enabled: true")) == Environment{{"DKVM_CONFIG", "{}"}});
}

TEST_CASE("the environment may be as large as its limit and not one byte larger") {
  // DKVM_CONFIG={"a":"…"} and DKVM_CONFIG_A=…, each with '=' and NUL.
  constexpr std::size_t kFixedBytes = 11 + 2 + 8 + 13 + 2;
  const auto bytes_of = [](std::size_t length) {
    DeviceConfig device = device_with("config: {a: x}");
    device.config.value["a"] = std::string(length, 'x');
    return device_environment(device).has_value();
  };
  static_assert((kConfigEnvBytesMax - kFixedBytes) % 2 == 0);
  CHECK(bytes_of((kConfigEnvBytesMax - kFixedBytes) / 2));
  CHECK_FALSE(bytes_of((kConfigEnvBytesMax - kFixedBytes) / 2 + 1));
}
