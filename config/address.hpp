#pragma once

#include "config/location.hpp"

#include <dkvm/result.hpp>

#include <optional>
#include <string>
#include <string_view>

// Addresses of ports, as pipelines name them.
// Source: docs/config.md, "Addresses".
namespace dkvm {

inline constexpr std::string_view kKernelName = "kernel";
inline constexpr std::string_view kLinkName = "link";
inline constexpr std::string_view kLinkPrefix = "link/";
inline constexpr std::string_view kKernelDevicesPort = "devices";
inline constexpr std::string_view kKernelSwitchesPort = "switches";

// One of
//   device               all ports of the device that fit
//   device/port          one port
//   link/peer/stream     a port that a link opens for that peer: device is
//                        `link`, port `peer/stream`
//   link/peer            the stream named like its pipeline: parse_address
//                        leaves port `peer`, the loader makes it `peer/name`
//   kernel/devices       state changes of devices, a source
//   kernel/switches      who has the input of a switch, a source
struct Address {
  std::string device;
  std::string port;  // empty: not named
  Location at;

  bool is_link() const { return device == kLinkName; }
  bool is_kernel() const { return device == kKernelName; }
  std::string text() const { return port.empty() ? device : device + '/' + port; }

  friend bool operator==(const Address& a, const Address& b) {
    return a.device == b.device && a.port == b.port;
  }
};

// A device beyond a link, as calls name it: link/peer:device.
// Life: the parts lie in the text.
struct FarAddress {
  std::string_view peer;
  std::string_view device;
};

// Nothing when it is none.
std::optional<FarAddress> parse_far_address(std::string_view text);

// Errors: Errc::invalid, saying which part is wrong and what was expected.
Result<Address> parse_address(std::string_view text);

// Names of devices, pipelines, kernels and peers: [a-z0-9][a-z0-9_-]*, at most
// kNameBytesMax. Empty when it is one, else what is wrong with it.
std::optional<std::string> name_complaint(std::string_view name);

}  // namespace dkvm
