#include "tools/dkvmctl/doctor/checks.hpp"
#include "trust/identity.hpp"
#include "trust/paths.hpp"
#include "trust/store.hpp"

#include <fmt/format.h>

#include <set>

namespace dkvm::ctl {
namespace {

constexpr const char* kArea = "pins";

// Peers that the file itself pins.
void add_pinned(const DeviceConfig& device, std::set<std::string>& pinned) {
  const auto& config = device.config.value;
  if (!config.is_object()) return;
  if (config.contains("pin") && config.contains("peer") && config["peer"].is_string())
    pinned.insert(config["peer"].get<std::string>());
  if (!config.contains("peers") || !config["peers"].is_object()) return;
  for (const auto& [peer, says] : config["peers"].items())
    if (says.is_object() && says.contains("pin")) pinned.insert(peer);
}

void add_peer(const Address& address, std::set<std::string>& named) {
  if (address.is_link()) named.insert(address.port.substr(0, address.port.find('/')));
}

std::set<std::string> named_peers(const Config& config) {
  std::set<std::string> named;
  for (const PipelineConfig& pipeline : config.pipelines) {
    for (const Address& from : pipeline.from) add_peer(from, named);
    for (const Address& to : pipeline.to) add_peer(to, named);
  }
  for (const SwitchConfig& each : config.switches)
    for (const SwitchTargetConfig& target : each.targets)
      if (target.to) add_peer(*target.to, named);
  return named;
}

void check_identity(const Patient& patient, Findings& findings) {
  const auto identity = trust::Identity::load(patient.trust_folder);
  if (identity) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (const auto warning = trust::expiry_warning(identity->not_after(), now))
      return findings.warn(kArea, *warning, "`dkvmctl identity rotate`, then pair anew");
    return findings.fine(kArea, fmt::format("this machine is {}, {}", identity->name(),
                                            identity->fingerprint().text()));
  }
  const bool missing = identity.error().code() == Errc::not_found;
  if (missing && !patient.makes_links())
    return findings.fine(kArea, "there is no identity, and no link that needs one");
  findings.error(
      kArea, identity.error().message(),
      missing ? "dkvmctl identity make" : "mend what it says, or `dkvmctl identity make`");
}

void check_trust(const Patient& patient, Findings& findings) {
  const auto store = trust::Store::load(patient.trust_folder);
  if (!store)
    return findings.error(kArea, store.error().message(), "mend the file: nobody is trusted now");
  if (!patient.config || !patient.makes_links()) return;
  std::set<std::string> pinned;
  for (const DeviceConfig* device : patient.devices({})) add_pinned(*device, pinned);
  bool all = true;
  for (const std::string& peer : named_peers(*patient.config)) {
    if (store->find(peer) != nullptr || pinned.contains(peer)) continue;
    all = false;
    findings.error(kArea, fmt::format("nobody is trusted as {}, which link/{} names", peer, peer),
                   fmt::format("`dkvmctl pair --listen --as {0}` here and `dkvmctl pair --connect` "
                               "there, or `dkvmctl trust add {0} sha256:…`",
                               peer));
  }
  if (all)
    findings.fine(kArea, fmt::format("all peers of the file are trusted, {} in all",
                                     store->peers().size() + pinned.size()));
}

}  // namespace

void check_pins(const Patient& patient, Findings& findings) {
  check_identity(patient, findings);
  check_trust(patient, findings);
}

}  // namespace dkvm::ctl
