#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/pair/sockets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace dkvm::ctl {
namespace {

constexpr const char* kArea = "ports";
// Source: docs/links.md, "Configuration"
constexpr std::uint16_t kLinkPort = 24860;
constexpr const char* kListenDefault = "0.0.0.0:24860, [::]:24860";

// The addresses of a server, as they stand in its configuration.
std::vector<std::string> addresses_of(const DeviceConfig& server) {
  const auto& config = server.config.value;
  std::string rest = kListenDefault;
  if (config.is_object() && config.contains("listen") && config["listen"].is_string())
    rest = config["listen"].get<std::string>();
  std::vector<std::string> addresses;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string address = rest.substr(0, comma);
    std::erase(address, ' ');
    if (!address.empty()) addresses.push_back(std::move(address));
    rest.erase(0, comma + 1);
  }
  return addresses;
}

void check_address(const Patient& patient, const DeviceConfig& server, const std::string& address,
                   Findings& findings) {
  const auto where = parse_host_port(address, kLinkPort);
  if (!where) return;  // the kernel's own check says it
  if (std::ranges::find(patient.listening, address) != patient.listening.end())
    return findings.fine(kArea, fmt::format("the kernel listens at {}", address));
  const auto tried = PairListener::open(*where, Reach::anywhere);
  if (tried) return findings.fine(kArea, fmt::format("{} of {} is free", address, server.name));
  findings.error(
      kArea,
      fmt::format("{} cannot listen at {}: {}", server.name, address, tried.error().message()),
      fmt::format("`ss -ltnp 'sport = :{}'` says who has it; `listen:` takes another",
                  where->port));
}

bool ufw_is_on() {
  std::ifstream file("/etc/ufw/ufw.conf");
  for (std::string line; std::getline(file, line);)
    if (line == "ENABLED=yes") return true;
  return false;
}

void check_firewall(Findings& findings) {
  std::error_code ignored;
  const std::string port = fmt::format("{}/tcp", kLinkPort);
  if (ufw_is_on())
    findings.warn(kArea, "the firewall ufw is on",
                  fmt::format("let the link in, if it is not: `sudo ufw allow {}`", port));
  else if (std::filesystem::exists("/run/firewalld", ignored))
    findings.warn(
        kArea, "the firewall firewalld is on",
        fmt::format("let the link in, if it is not: `sudo firewall-cmd --add-port={}`", port));
  else
    findings.fine(kArea, "neither ufw nor firewalld is on");
}

}  // namespace

void check_ports(const Patient& patient, Findings& findings) {
  const auto servers = patient.devices("tcp-server");
  for (const DeviceConfig* server : servers)
    for (const std::string& address : addresses_of(*server))
      check_address(patient, *server, address, findings);
  if (!servers.empty()) check_firewall(findings);
}

}  // namespace dkvm::ctl
