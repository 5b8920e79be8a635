#include "devices/tcp/transport/link_config.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <string>

using namespace dkvm;
using namespace dkvm::tcp;

namespace {

const std::string kPin = "sha256:" + std::string(64, 'a');

// The configuration as the kernel hands it over: JSON, and a variable a scalar.
ConfigReader reader(std::vector<KeyManifest> keys, const nlohmann::json& config) {
  std::map<std::string, std::string> variables = {{"DKVM_CONFIG", config.dump()}};
  for (const auto& [key, value] : config.items())
    if (value.is_primitive())
      variables[ConfigReader::variable_of(key)] =
          value.is_string() ? value.get<std::string>() : value.dump();
  return ConfigReader(std::move(keys),
                      [variables](const std::string& name) -> std::optional<std::string> {
                        const auto found = variables.find(name);
                        if (found == variables.end()) return std::nullopt;
                        return found->second;
                      });
}

Result<ServerConfig> server(const nlohmann::json& config) {
  return read_server_config(reader(server_keys(), config));
}
Result<ClientConfig> client(const nlohmann::json& config) {
  return read_client_config(reader(client_keys(), config));
}

template <class Read>
void check_refused(const Read& read, const std::string& words) {
  INFO(words);
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == Errc::invalid);
  INFO(read.error().message());
  CHECK(read.error().message().find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("a server needs no key: it listens everywhere, for the LAN, for whom the store pins") {
  const auto read = server({{"identity", "/somewhere"}});
  REQUIRE(read);
  CHECK(read->listen == std::vector<Endpoint>{{"0.0.0.0", 24860}, {"::", 24860}});
  CHECK(read->reach == Reach::lan);
  CHECK(read->peers.empty());
  CHECK(read->peers_max == 128);
  CHECK(read->identity == "/somewhere");
  CHECK(read->cut_pause == std::chrono::seconds(5));
}

TEST_CASE("what is said of a peer is read, and the rest has its default") {
  const auto read =
      server({{"listen", "127.0.0.1:0"},
              {"reach", "anywhere"},
              {"peers_max", 3},
              {"peers",
               {{"laptop", {{"pin", kPin}, {"upstream", {"refresh"}}, {"buffers", "1GiB"}}},
                {"tv", nullptr}}}});
  REQUIRE(read);
  CHECK(read->reach == Reach::anywhere);
  REQUIRE(read->peers.size() == 2);
  const PeerConfig& laptop = read->peers[0];
  CHECK(laptop.name == "laptop");
  CHECK(laptop.pins.front().text() == kPin);
  CHECK(laptop.passes_upstream("refresh"));
  CHECK_FALSE(laptop.passes_upstream("geometry"));
  CHECK(laptop.buffers_bytes == 1ull << 30);
  const PeerConfig& tv = read->peers[1];
  CHECK(tv.pins.empty());
  for (const char* topic : {"refresh", "feedback", "lock_state", "input_state", "geometry"})
    CHECK(tv.passes_upstream(topic));
  CHECK_FALSE(tv.passes_upstream("grab"));
  CHECK(tv.buffers_bytes == 256ull << 20);
}

TEST_CASE("a server's configuration that is wrong says where and what was expected") {
  check_refused(server({{"listen", "desk:x"}}), "config key 'listen'");
  check_refused(server({{"reach", "far"}}), "lan, anywhere");
  check_refused(server({{"peers_max", 0}}), "config key 'peers_max'");
  check_refused(server({{"cut_pause", "2h"}}), "config key 'cut_pause': expected at most 1 h");
  check_refused(server({{"peers", {{"My Laptop", nullptr}}}}), "peers.My Laptop");
  check_refused(server({{"peers", {{"laptop", "sha256"}}}}), "peers.laptop");
  check_refused(server({{"peers", {{"laptop", {{"pin", "sha256:1"}}}}}}), "peers.laptop.pin");
  check_refused(server({{"peers", {{"laptop", {{"pins", kPin}}}}}}), "expected pin, upstream");
  check_refused(server({{"peers", {{"laptop", {{"buffers", "2 parrots"}}}}}}), "256MiB");
  check_refused(server({{"peers", {{"laptop", {{"buffers", "99999999999GiB"}}}}}}), "256MiB");
  check_refused(server({{"peers", {{"laptop", {{"upstream", "refresh"}}}}}}), "list of topics");
  check_refused(server({{"peers_max", 1}, {"peers", {{"a", nullptr}, {"b", nullptr}}}}),
                "peers_max allows 1");
}

TEST_CASE("a client dials one peer, at one address or several") {
  const auto read = client({{"connect", "desk.local, [fd00::1]:7"},
                            {"peer", "desk"},
                            {"pin", kPin},
                            {"upstream", {"refresh", "acme/pedal"}},
                            {"cut_pause", "250ms"},
                            {"buffers", "64MiB"}});
  REQUIRE(read);
  CHECK(read->cut_pause == std::chrono::milliseconds(250));
  CHECK(read->connect == std::vector<Endpoint>{{"desk.local", 24860}, {"fd00::1", 7}});
  CHECK(read->peer.name == "desk");
  CHECK(read->peer.pins.size() == 1);
  CHECK(read->peer.passes_upstream("acme/pedal"));
  CHECK(read->peer.buffers_bytes == 64ull << 20);
}

TEST_CASE("a client's configuration that is wrong says where and what was expected") {
  check_refused(client({{"peer", "desk"}}), "'connect' is required");
  check_refused(client({{"connect", "desk"}}), "'peer' is required");
  check_refused(client({{"connect", "desk:0"}, {"peer", "desk"}}), "port 0");
  check_refused(client({{"connect", "desk"}, {"peer", "Desk!"}}), "config key 'peer'");
  check_refused(client({{"connect", "desk"}, {"peer", "desk"}, {"pin", "no"}}), "config key 'pin'");
}
