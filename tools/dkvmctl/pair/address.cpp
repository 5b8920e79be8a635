#include "tools/dkvmctl/pair/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace dkvm::ctl {

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  const auto wrong = [&] {
    return fail(Errc::invalid,
                fmt::format("'{}' is no address, expected HOST, HOST:PORT or [IPV6]:PORT",
                            text.substr(0, 300)));
  };
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong();
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return wrong();
  } else if (std::ranges::count(text, ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size());
  }
  HostPort parsed{std::string(host), default_port};
  if (host.empty()) return wrong();
  if (port.empty()) return parsed;
  const auto [end, error] =
      std::from_chars(port.data() + 1, port.data() + port.size(), parsed.port);
  if (error != std::errc{} || end != port.data() + port.size()) return wrong();
  return parsed;
}

}  // namespace dkvm::ctl
