#include "kernel/session/port_table.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

using namespace dkvm;

namespace {

wire::PortSpecT spec(std::uint16_t id, std::string name, std::vector<std::string> topics = {}) {
  wire::PortSpecT made;
  made.id = id;
  made.name = std::move(name);
  made.topics = std::move(topics);
  return made;
}

std::string complaint(const Result<RoutedPort>& opened) {
  return opened ? "" : opened.error().message();
}

Manifest manifest() {
  return {.type = "pedal",
          .ports = {{.id = 1, .name = "keys", .topics = {"key", "input_state"}}},
          .cleanup = true};
}

wire::HelloT hello() {
  wire::HelloT made;
  made.type = std::string("pedal");
  made.ports.push_back(std::make_unique<wire::PortSpecT>(spec(1, "keys", {"input_state", "key"})));
  made.cleanup = true;
  return made;
}

}  // namespace

TEST_CASE("ports open, are found by their ids, and close") {
  TopicTable topics;
  PortTable ports(1);
  REQUIRE(ports.open(spec(7, "b", {"key"}), topics));
  REQUIRE(ports.open(spec(3, "a", {"*"}), topics));
  CHECK(ports.find(7)->topics.contains(id_of(wire::Topic::key)));
  CHECK_FALSE(ports.find(7)->topics.contains(id_of(wire::Topic::touch)));
  CHECK(ports.find(3)->topics.open());
  CHECK(ports.sorted().front()->id == 3);
  CHECK(ports.close(7));
  CHECK_FALSE(ports.close(7));
  CHECK(ports.find(7) == nullptr);
}

TEST_CASE("a port that cannot be one is refused, with the reason") {
  TopicTable topics;
  PortTable ports(1);
  REQUIRE(ports.open(spec(1, "one"), topics));
  using Catch::Contains;
  CHECK_THAT(complaint(ports.open(spec(0, "x"), topics)), Contains("from 1 to 65534"));
  CHECK_THAT(complaint(ports.open(spec(65535, "x"), topics)), Contains("from 1 to 65534"));
  CHECK_THAT(complaint(ports.open(spec(1, "x"), topics)), Contains("port 1 twice"));
  CHECK_THAT(complaint(ports.open(spec(2, "one"), topics)), Contains("two ports named 'one'"));
  CHECK_THAT(complaint(ports.open(spec(2, ""), topics)), Contains("name of port 2 is empty"));
  CHECK_THAT(complaint(ports.open(spec(2, "two", {""}), topics)), Contains("port 'two'"));
  for (std::uint16_t id = 2; id <= kPortsPerDeviceMax; ++id)
    REQUIRE(ports.open(spec(id, std::to_string(id)), topics));
  const auto refused = ports.open(spec(2000, "one-more"), topics);
  CHECK_THAT(complaint(refused), Contains("more than 1024 ports"));
  CHECK(refused.error().code() == Errc::invalid);
}

TEST_CASE("a hello is held to the manifest, in whatever order its topics come") {
  CHECK(check_hello(hello(), manifest()));
  auto other = hello();
  SECTION("another type") { other.type = std::string("wheel"); }
  SECTION("another name") { other.ports[0]->name = std::string("wheel"); }
  SECTION("another direction") { other.ports[0]->direction = wire::Direction::sink; }
  SECTION("a topic less") { other.ports[0]->topics.pop_back(); }
  SECTION("another mark") { other.ports[0]->injects = true; }
  SECTION("a port less") { other.ports.clear(); }
  SECTION("another id") { other.ports[0]->id = 2; }
  SECTION("another ability") { other.cleanup = false; }
  const auto checked = check_hello(other, manifest());
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code() == Errc::invalid);
}

TEST_CASE("a peer is there as long as a port is open for it") {
  TopicTable topics;
  PortTable ports(1);
  const auto of_peer = [](std::uint16_t id, const std::string& name, const std::string& peer) {
    auto port = spec(id, name);
    port.peer = peer;
    return port;
  };
  CHECK_FALSE(ports.has_peer("laptop"));
  REQUIRE(ports.open(of_peer(1, "laptop", "laptop"), topics));
  REQUIRE(ports.open(of_peer(2, "laptop/keys", "laptop"), topics));
  CHECK(ports.find(2)->peer == "laptop");
  CHECK(ports.has_peer("laptop"));
  CHECK(ports.close(1));
  CHECK(ports.has_peer("laptop"));
  CHECK(ports.close(2));
  CHECK_FALSE(ports.has_peer("laptop"));
  CHECK_FALSE(ports.close(2));

  auto back = of_peer(4, "laptop/keys", "laptop");
  back.direction = wire::Direction::sink;
  REQUIRE(ports.open(of_peer(3, "laptop/keys", "laptop"), topics));
  REQUIRE(ports.open(back, topics));  // the other way
  back.id = 5;
  CHECK_FALSE(ports.open(back, topics));
  CHECK(ports.close(3));

  using Catch::Contains;
  CHECK_THAT(complaint(ports.open(of_peer(3, "keys", "laptop"), topics)),
             Contains("expected 'laptop' or 'laptop/stream'"));
  CHECK_THAT(complaint(ports.open(of_peer(3, "laptops/keys", "laptop"), topics)),
             Contains("named 'laptops/keys'"));
  CHECK_THAT(complaint(ports.open(of_peer(3, "a/b/c", "a/b"), topics)), Contains("the peer of"));
}
