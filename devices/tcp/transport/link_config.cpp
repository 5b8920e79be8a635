#include "devices/tcp/transport/link_config.hpp"

#include "trust/paths.hpp"
#include "trust/peer_name.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace dkvm::tcp {
namespace {

using Json = nlohmann::json;

tl::unexpected<Error> wrong(std::string_view key, std::string_view why) {
  return fail(Errc::invalid, fmt::format("config key '{}': {}", key, why));
}

Result<std::vector<Endpoint>> endpoints(const ConfigReader& config, const char* key) {
  DKVM_TRY(const std::string text, config.text(key));
  auto parsed = parse_endpoints(text);
  if (!parsed) return wrong(key, parsed.error().message());
  return parsed;
}

Result<Reach> reach(const ConfigReader& config) {
  const auto text = config.text("reach");
  if (!text) return fail(text.error());
  return text->compare("anywhere") == 0 ? Reach::anywhere : Reach::lan;
}

Result<std::chrono::milliseconds> cut_pause(const ConfigReader& config) {
  DKVM_TRY(const std::chrono::nanoseconds pause, config.duration("cut_pause"));
  if (pause <= kCutPauseMax) return std::chrono::ceil<std::chrono::milliseconds>(pause);
  return wrong("cut_pause", fmt::format("expected at most {} h", kCutPauseMax.count()));
}

std::filesystem::path identity(const ConfigReader& config) {
  const auto folder = config.find("identity");
  return folder ? trust::expanded(*folder) : trust::default_folder();
}

// `256MiB`, `1GiB`, `64KiB`, `1000000`.
Result<std::uint64_t> bytes_of(const Json& value, const std::string& key) {
  std::string text;
  if (value.is_string())
    value.get_to(text);
  else
    text = value.dump();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, shift] :
       {std::pair<std::string_view, int>{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}})
    if (error == std::errc{} && unit == name && number <= (UINT64_MAX >> shift))
      return number << shift;
  return wrong(key, fmt::format("{} is no number of bytes such as 256MiB or 1GiB", value.dump()));
}

Result<std::vector<std::string>> topics_of(const Json& value, const std::string& key) {
  if (!value.is_array())
    return wrong(key, "expected a list of topics, such as [refresh, feedback]");
  std::vector<std::string> topics;
  for (const Json& topic : value) {
    if (!topic.is_string())
      return wrong(key, fmt::format("{} is no name of a topic", topic.dump()));
    topics.push_back(topic.get<std::string>());
  }
  return topics;
}

Result<trust::Fingerprint> pin_of(const Json& value, const std::string& key) {
  if (!value.is_string()) return wrong(key, "expected a fingerprint, sha256:…");
  auto pin = trust::Fingerprint::parse(value.get<std::string>());
  if (!pin) return wrong(key, pin.error().message());
  return pin;
}

// What may be said of a peer, wherever that stands.
Result<> read_peer_key(const std::string& name, const Json& value, const std::string& key,
                       PeerConfig& peer) {
  if (name == "pin") {
    DKVM_TRY(const trust::Fingerprint pin, pin_of(value, key));
    peer.pins.push_back(pin);
  } else if (name == "upstream") {
    DKVM_TRY(peer.upstream, topics_of(value, key));
  } else if (name == "buffers") {
    DKVM_TRY(peer.buffers_bytes, bytes_of(value, key));
  } else {
    return wrong(key, "it is not known; expected pin, upstream or buffers");
  }
  return {};
}

Result<PeerConfig> read_peer(const std::string& name, const Json& value) {
  const std::string key = "peers." + name;
  if (!trust::is_peer_name(name)) return wrong(key, trust::peer_name_complaint(name));
  PeerConfig peer;
  peer.name = name;
  if (value.is_null()) return peer;
  if (!value.is_object()) return wrong(key, "expected a map (pin, upstream, buffers)");
  for (const auto& [each, content] : value.items())
    DKVM_CHECK(read_peer_key(each, content, key + "." + each, peer));
  return peer;
}

Result<Json> whole(const ConfigReader& config) {
  Json json = Json::parse(config.json(), nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "DKVM_CONFIG is no JSON object");
  return json;
}

KeyManifest reach_key() {
  return {.name = "reach",
          .type = ValueType::text,
          .fallback = "lan",
          .help = "how far away peers may be: lan is private, link-local and loopback addresses",
          .choices = {"lan", "anywhere"}};
}

KeyManifest cut_pause_key() {
  return {.name = "cut_pause",
          .type = ValueType::duration,
          .fallback = fmt::format("{}ms", kCutPauseDefault.count()),
          .help = "how long a peer that has broken the rules stays out, at most 1h"};
}

KeyManifest identity_key() {
  return {.name = "identity",
          .type = ValueType::path,
          .help = "folder of this kernel's key, its certificate and the pins of its peers"};
}

}  // namespace

bool PeerConfig::passes_upstream(std::string_view topic) const {
  return std::find(upstream.begin(), upstream.end(), topic) != upstream.end();
}

std::vector<KeyManifest> server_keys() {
  return {{.name = "listen",
           .type = ValueType::text,
           .fallback = fmt::format("0.0.0.0:{0}, [::]:{0}", kLinkPortDefault),
           .help = "addresses to listen at, separated by commas; port 0 picks one"},
          reach_key(),
          identity_key(),
          cut_pause_key(),
          {.name = "peers",
           .type = ValueType::map,
           .help = "by name: pin (beside those of the store), upstream (topics), buffers (bytes)"},
          {.name = "peers_max",
           .type = ValueType::integer,
           .fallback = std::to_string(kPeersDefault),
           .help = "peers at a time",
           .min = 1,
           .max = kPeersMax}};
}

std::vector<KeyManifest> client_keys() {
  return {{.name = "connect",
           .type = ValueType::text,
           .help = "host:port of the peer; several, separated by commas, are tried in turn",
           .required = true},
          {.name = "peer",
           .type = ValueType::text,
           .help = "the name of whom one expects there",
           .required = true},
          {.name = "pin",
           .type = ValueType::text,
           .help = "its fingerprint, sha256:…, beside that of the store"},
          reach_key(),
          identity_key(),
          cut_pause_key(),
          {.name = "upstream",
           .type = ValueType::list,
           .help = "topics of upstream messages that pass from that peer"},
          {.name = "buffers",
           .type = ValueType::text,
           .fallback = fmt::format("{}MiB", kPeerBufferBytesDefault >> 20),
           .help = "bytes of shared memory for what that peer sends"}};
}

Result<ServerConfig> read_server_config(const ConfigReader& config) {
  ServerConfig read;
  DKVM_TRY(read.listen, endpoints(config, "listen"));
  DKVM_TRY(read.reach, reach(config));
  DKVM_TRY(read.cut_pause, cut_pause(config));
  read.identity = identity(config);
  DKVM_TRY(const std::int64_t most, config.integer("peers_max", 1, kPeersMax));
  read.peers_max = static_cast<std::size_t>(most);
  DKVM_TRY(const Json json, whole(config));
  const Json peers = json.value("peers", Json::object());
  if (!peers.is_object()) return wrong("peers", "expected a map (name: {pin: …})");
  for (const auto& [name, value] : peers.items()) {
    DKVM_TRY(PeerConfig peer, read_peer(name, value));
    read.peers.push_back(std::move(peer));
  }
  if (read.peers.size() > read.peers_max)
    return wrong("peers", fmt::format("{} peers are named, peers_max allows {}", read.peers.size(),
                                      read.peers_max));
  return read;
}

Result<ClientConfig> read_client_config(const ConfigReader& config) {
  ClientConfig read;
  DKVM_TRY(read.connect, endpoints(config, "connect"));
  for (const Endpoint& endpoint : read.connect)
    if (endpoint.port == 0) return wrong("connect", "port 0 cannot be dialled");
  DKVM_TRY(read.reach, reach(config));
  DKVM_TRY(read.cut_pause, cut_pause(config));
  read.identity = identity(config);
  DKVM_TRY(read.peer.name, config.text("peer"));
  if (!trust::is_peer_name(read.peer.name))
    return wrong("peer", trust::peer_name_complaint(read.peer.name));
  DKVM_TRY(const Json json, whole(config));
  for (const char* name : {"pin", "upstream", "buffers"})
    if (const auto value = json.find(name); value != json.end() && !value->is_null())
      DKVM_CHECK(read_peer_key(name, *value, name, read.peer));
  return read;
}

}  // namespace dkvm::tcp
