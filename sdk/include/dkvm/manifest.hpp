#pragma once

#include <dkvm/wire/control_generated.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What a device type is, before it runs: ports, configuration keys, abilities.
// `<device> --describe` prints it as JSON, the kernel checks YAML against it
// and holds the device to it at hello.
// Every field has an initializer, so that naming some of them draws no warning.
// Units:  names and the version are at most kNameBytesMax bytes, ports at most
//         kPortsPerHelloMax, a port's topics at most kTopicsPerPortMax; the
//         kernel refuses a device with more
// Source: docs/protocol.md, "Manifest".
namespace dkvm {

struct PortManifest {
  std::uint16_t id = 0;  // 1 … 65534, unique in the device
  std::string name{};
  wire::Direction direction = wire::Direction::source;
  std::vector<std::string> topics{};  // by name; "*" takes every topic
  bool live = false;                  // a source that cannot be paused
  bool injects = false;               // a sink that presses keys on a real machine
  std::string help{};
  std::string peer{};  // of a link's run-time port: whose it is
};

enum class ValueType : std::uint8_t { text, integer, number, boolean, duration, path, list, map };

// One configuration key; nested keys are dotted: `video.rate`.
struct KeyManifest {
  std::string name{};
  ValueType type = ValueType::text;
  std::string fallback{};  // as text, empty for none
  std::string help{};
  bool required = false;
  std::vector<std::string> choices{};  // the values allowed, where they are few
  std::vector<std::string> words{};    // texts that may stand instead of a number
  std::optional<double> min{};         // of numbers and integers, included
  std::optional<double> max{};
};

struct Manifest {
  std::string type{};
  std::string version{};
  std::string summary{};
  std::vector<PortManifest> ports{};
  std::vector<KeyManifest> keys{};
  bool runtime_ports = false;  // opens ports of other names while it runs
  bool fds = false;            // takes file descriptors with pool_open
  bool cleanup = false;        // knows --cleanup
};

}  // namespace dkvm
