#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/transport/addresses.hpp"
#include "trust/fingerprint.hpp"

#include <dkvm/config.hpp>
#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// What the YAML says about links.
// Source: docs/links.md, "Configuration".
namespace dkvm::tcp {

// What passes upstream from a peer that nothing is said about.
inline constexpr const char* kUpstreamDefault[] = {"refresh", "feedback", "lock_state",
                                                   "input_state", "geometry"};

struct PeerConfig {
  std::string name{};
  std::vector<trust::Fingerprint> pins{};  // beside those of the store
  std::vector<std::string> upstream{std::begin(kUpstreamDefault), std::end(kUpstreamDefault)};
  std::uint64_t buffers_bytes = kPeerBufferBytesDefault;  // of pools, for what it sends

  bool passes_upstream(std::string_view topic) const;
};

struct ServerConfig {
  std::chrono::milliseconds cut_pause = kCutPauseDefault;
  std::vector<Endpoint> listen{};  // empty: every address, kLinkPortDefault
  Reach reach = Reach::lan;
  std::filesystem::path identity{};
  std::vector<PeerConfig> peers{};
  std::size_t peers_max = kPeersDefault;
};

struct ClientConfig {
  std::chrono::milliseconds cut_pause = kCutPauseDefault;
  std::vector<Endpoint> connect{};  // tried in turn
  PeerConfig peer{};
  Reach reach = Reach::lan;
  std::filesystem::path identity{};
};

// The keys for the manifests of the two devices.
std::vector<KeyManifest> server_keys();
std::vector<KeyManifest> client_keys();

// Errors: Errc::invalid, with the key, what stands there and what was expected.
Result<ServerConfig> read_server_config(const ConfigReader& config);
Result<ClientConfig> read_client_config(const ConfigReader& config);

}  // namespace dkvm::tcp
