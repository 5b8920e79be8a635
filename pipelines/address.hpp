#pragma once

#include <dkvm/result.hpp>

#include <string>
#include <string_view>

namespace dkvm {

// Where a pipeline begins or ends: `device`, `device/port`, `link/laptop`,
// `link/laptop/screen`.
struct PortAddress {
  std::string device;
  std::string port;  // everything behind the first slash; empty: all ports
};

// Errors: Errc::invalid for empty parts and names over kNameBytesMax.
Result<PortAddress> parse_port_address(std::string_view text);

// The device of `device` and `device/port`, unchecked.
constexpr std::string_view device_of(std::string_view address) {
  return address.substr(0, address.find('/'));
}

}  // namespace dkvm
