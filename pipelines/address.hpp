#pragma once

#include <dkvm/result.hpp>

#include <string>
#include <string_view>

namespace dkvm {

// Where a pipeline begins or ends: `device`, `device/port`, `link/laptop`,
// `link/laptop/screen`.
struct Address {
  std::string device;
  std::string port;  // everything behind the first slash; empty: all ports
};

// Errors: Errc::invalid for empty parts and names over kNameBytesMax.
Result<Address> parse_address(std::string_view text);

}  // namespace dkvm
