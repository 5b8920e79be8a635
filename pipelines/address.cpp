#include "pipelines/address.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>

namespace dkvm {

Result<PortAddress> parse_port_address(std::string_view text) {
  const std::size_t slash = text.find('/');
  PortAddress address{std::string(text.substr(0, slash)), {}};
  if (slash != std::string_view::npos) address.port = text.substr(slash + 1);
  const bool hollow =
      address.device.empty() || text.back() == '/' || text.find("//") != std::string_view::npos;
  if (hollow) {
    return fail(Errc::invalid,
                fmt::format("'{}' is no address: expected device, device/port, link/peer or "
                            "link/peer/stream",
                            text));
  }
  if (address.device.size() > kNameBytesMax || address.port.size() > 2 * kNameBytesMax) {
    return fail(Errc::invalid, fmt::format("the address '{}' is too long: a name has at most {} "
                                           "bytes",
                                           text, kNameBytesMax));
  }
  return address;
}

}  // namespace dkvm
