#include "kernel/rpc/services/memory.hpp"

#include "tests/unit/kernel/memory_manager/desk.hpp"
#include "tests/unit/kernel/rpc/services/asker.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kOut = 1, kIn = 2;

struct Fixture {
  Desk desk;
  Asker asker;  // device 1
  std::string name = "asker";
  std::map<PortRef, RoutedPort> ports;

  Fixture() {
    add({1, kOut}, wire::Direction::source);
    add({1, kIn}, wire::Direction::sink);
    MemoryServices{desk.memory,
                   [this](PortRef port) {
                     const auto found = ports.find(port);
                     return found == ports.end() ? nullptr : &found->second;
                   },
                   [this](DeviceId device) { return device == 1 ? name : "other"; },
                   [this] { return desk.now_ns; }}
        .add_to(asker.table());
  }

  void add(PortRef ref, wire::Direction direction) {
    RoutedPort port;
    port.id = ref.port;
    port.direction = direction;
    ports[ref] = port;
  }

  std::string refused(const std::string& method, const Json& params, wire::Code code) {
    const wire::ResponseT response = asker.answer(method, params);
    CHECK(response.code == code);
    return response.message;
  }
};

}  // namespace

TEST_CASE("a device opens a pool for its port, and is told how many slots it has") {
  Fixture f;
  f.desk.host.feeds[{1, kOut}] = {{kViewer, 4, false}};
  const Json made = f.asker.ask("memory.pool", {{"port", kOut}, {"slot_bytes", 100'000}});
  CHECK(made == Json{{"pool", 1}, {"slot_count", 9}});
  const Json second =
      f.asker.ask("memory.pool", {{"port", kOut}, {"slot_bytes", 100}, {"slots", 1}});
  CHECK(second == Json{{"pool", 2}, {"slot_count", 7}});
  CHECK(f.asker.ask("memory.allocate", {{"port", kOut}, {"bytes", 5}}) ==
        Json{{"pool", 3}, {"slot_count", 1}});
}

TEST_CASE("a wrong call for memory is answered in words") {
  Fixture f;
  constexpr auto kInvalid = wire::Code::invalid;
  CHECK(f.refused("memory.pool", {{"slot_bytes", 1}}, kInvalid) ==
        "'port' must be given, as a whole number from 0 to 65535");
  CHECK(f.refused("memory.pool", {{"port", 70'000}, {"slot_bytes", 1}}, kInvalid) ==
        "'port' must be given, as a whole number from 0 to 65535");
  CHECK(f.refused("memory.pool", {{"port", 9}, {"slot_bytes", 1}}, kInvalid) ==
        "device 'asker' has no open port 9");
  CHECK(f.refused("memory.pool", {{"port", kIn}, {"slot_bytes", 1}}, kInvalid) ==
        "port 2 of device 'asker' is a sink, expected a source");
  CHECK(f.refused("memory.retain", {{"port", kOut}, {"pool", 1}, {"slot", 0}, {"generation", 1}},
                  kInvalid) == "port 1 of device 'asker' is a source, expected a sink");
  CHECK(f.refused("memory.pool", {{"port", kOut}, {"slot_bytes", -1}}, kInvalid) ==
        "'slot_bytes' must be a whole number from 0");
  CHECK(f.refused("memory.pool", {{"port", kOut}, {"slot_bytes", 1}, {"memory", "gpu"}},
                  kInvalid) == "'memory' is 'gpu', expected memfd or named");
  CHECK(f.refused("memory.pool", {{"port", kOut}, {"slot_bytes", 1}, {"memory", "named"}},
                  wire::Code::denied)
            .find("trusted: true") != std::string::npos);
  CHECK(f.refused("memory.release", {{"port", kOut}, {"pool", 8}, {"slot", 0}, {"generation", 1}},
                  kInvalid) == "there is no pool 8, expected an open one");
}

TEST_CASE("who calls by way of another device has no memory of its own") {
  Fixture f;
  f.name = "link";
  for (const char* method : {"memory.pool", "memory.allocate", "memory.retain", "memory.release"})
    CHECK_THAT(f.refused(method, {{"port", kOut}}, wire::Code::denied),
               Catch::Contains("'asker' calls by way of 'link'"));
}

TEST_CASE("a lease is retained and given back by calls, and a mistake ends nobody") {
  Fixture f;
  const PortRef sink{1, kIn};
  f.desk.feed(kSecond, {});
  f.desk.host.feeds[{2, 1}] = {{sink, 4, false}};
  const auto pool = f.desk.open({2, 1});
  const auto ref = f.desk.borrow({2, 1});
  f.desk.publish({2, 1}, ref);
  REQUIRE(f.desk.take(sink).size() == 1);
  const Json buffer = {
      {"port", kIn}, {"pool", pool}, {"slot", ref.slot()}, {"generation", ref.generation()}};
  f.asker.ask("memory.retain", buffer);
  CHECK_THAT(f.refused("memory.retain", buffer, wire::Code::exhausted),
             Catch::Contains("its share is 2"));
  f.asker.ask("memory.release", buffer);
  f.asker.ask("memory.release", buffer);
  CHECK_THAT(f.refused("memory.release", buffer, wire::Code::invalid),
             Catch::Contains("expected a buffer that this port holds"));
  CHECK(f.desk.host.offences.empty());
}

TEST_CASE("all pools are told, page by page, with who has what of them") {
  Fixture f;
  f.desk.feed(kScreen, {{kViewer, 4, false}});
  f.desk.open(kScreen, kPage);
  f.desk.publish_one();
  REQUIRE(f.desk.take(kViewer).size() == 1);
  for (std::uint16_t port = 2; port < 8; ++port) f.desk.open({1, port}, kPage);
  const Json page = f.asker.ask("memory.stats", {{"limit", 2}});
  CHECK(page.at("pool_count") == 7);
  CHECK(page.at("bytes") == (9 + 6 * 3) * kPage);
  CHECK(page.at("bytes_max") == 1024 * kMiB);
  REQUIRE(page.at("pools").size() == 2);
  const Json& first = page.at("pools")[0];
  CHECK(first.at("device") == "asker");
  CHECK(first.at("state") == "open");
  CHECK(first.at("memory") == "memfd");
  CHECK(first.at("slots") == 9);
  CHECK(first.at("free").get<int>() + first.at("writing").get<int>() == 8);
  CHECK(first.at("consumers") == Json::array({{{"device", "other"},
                                               {"port", 1},
                                               {"share", 2},
                                               {"queue", 4},
                                               {"leased", 1},
                                               {"queued", 0}}}));
  CHECK(f.asker.ask_all("memory.stats", {{"limit", 2}}, "pools").size() == 7);
}
