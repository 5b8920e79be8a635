#include <dkvm/help.hpp>

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

Manifest pedal() {
  Manifest manifest;
  manifest.type = "acme-pedal";
  manifest.version = "1.0.0";
  manifest.summary = "A foot pedal as keys";
  return manifest;
}

}  // namespace

TEST_CASE("a program that is named after its type is found by it") {
  CHECK(yaml_example(pedal(), "/usr/libexec/dkvm/dkvm-acme-pedal") ==
        "  devices:\n    my-acme-pedal:\n      type: acme-pedal\n");
}

TEST_CASE("any other program is named by its path") {
  CHECK(yaml_example(pedal(), "/opt/acme/pedal") ==
        "  devices:\n    my-acme-pedal:\n      exec: [/opt/acme/pedal]\n");
  CHECK(yaml_example(pedal(), "/opt/my \"devices\"/pedal") ==
        "  devices:\n    my-acme-pedal:\n      exec: [\"/opt/my \\\"devices\\\"/pedal\"]\n");
}

TEST_CASE("keys that must be set stand there with a sample of their type, and no others") {
  Manifest manifest = pedal();
  manifest.keys = {
      {.name = "path", .type = ValueType::path, .help = "its port", .required = true},
      {.name = "rate", .type = ValueType::integer, .fallback = "60", .help = "a second"},
      {.name = "side", .help = "which", .required = true, .choices = {"left", "right"}}};
  CHECK(yaml_example(manifest, "dkvm-acme-pedal") ==
        "  devices:\n    my-acme-pedal:\n      type: acme-pedal\n      config:\n"
        "        path: /some/path  # path: its port\n"
        "        side: left  # text: which\n");
}

TEST_CASE("dotted keys that must be set are maps in maps, each opened once") {
  Manifest manifest = pedal();
  manifest.keys = {
      {.name = "video.mode.width", .type = ValueType::integer, .help = "w", .required = true},
      {.name = "audio.rate", .type = ValueType::integer, .help = "r", .required = true},
      {.name = "video.mode.height", .type = ValueType::integer, .help = "h", .required = true},
      {.name = "video.codec", .help = "c", .required = true}};
  CHECK(yaml_example(manifest, "dkvm-acme-pedal") ==
        "  devices:\n    my-acme-pedal:\n      type: acme-pedal\n      config:\n"
        "        audio:\n"
        "          rate: 1  # integer: r\n"
        "        video:\n"
        "          codec: some-text  # text: c\n"
        "          mode:\n"
        "            height: 1  # integer: h\n"
        "            width: 1  # integer: w\n");
}

TEST_CASE("a sample number lies within the bounds of its key") {
  const auto sample = [](ValueType type, std::optional<double> min, std::optional<double> max) {
    return detail::sample_of({.name = "n", .type = type, .min = min, .max = max});
  };
  CHECK(sample(ValueType::integer, {}, {}) == "1");
  CHECK(sample(ValueType::integer, 1'000'000, {}) == "1000000");
  CHECK(sample(ValueType::integer, -9, 0) == "0");
  CHECK(sample(ValueType::number, 0, 0.25) == "0.25");
}

TEST_CASE("help offers a cleanup where there is one") {
  Manifest manifest = pedal();
  CHECK_THAT(help(manifest, "pedal"), !Catch::Contains("--cleanup"));
  manifest.cleanup = true;
  CHECK_THAT(help(manifest, "pedal"), Catch::Contains("--cleanup"));
}
