#include "kernel/rpc/services/links.hpp"
#include "tests/unit/kernel/rpc/services/asker.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace dkvm;
using test::Json;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

struct Fixture {
  Fixture() {
    LinkServices{streams, polls, [this](DeviceId) { return link; }, [this] { return now; }}.add_to(
        asker.table());
  }
  static LinkStream stream(std::string peer, std::string name) {
    return {std::move(peer), std::move(name), wire::Direction::sink, {"key"}, {}};
  }

  test::Asker asker;
  LongPolls polls;
  LinkStreams streams;
  bool link = true;
  std::uint64_t now = 0;
};

}  // namespace

TEST_CASE("a link hears which streams are wanted, and which revision that is") {
  Fixture f;
  CHECK(f.asker.ask("links.streams") == Json{{"revision", 1}, {"streams", Json::array()}});
  REQUIRE(f.streams.update({Fixture::stream("laptop", "keys")}));
  REQUIRE_FALSE(f.streams.update({Fixture::stream("laptop", "keys")}));
  CHECK(f.asker.ask("links.streams", {{"after", 1}, {"wait_ms", 1000}}) ==
        Json{{"revision", 2},
             {"streams",
              {{{"peer", "laptop"},
                {"stream", "keys"},
                {"direction", "sink"},
                {"topics", {"key"}}}}}});
}

TEST_CASE("a link hears which device has the streams of a peer") {
  Fixture f;
  LinkStream stream = Fixture::stream("laptop", "keys");
  f.streams.update({stream});
  stream.device = "uplink";
  REQUIRE(f.streams.update({stream}));
  CHECK(f.asker.ask("links.streams").at("streams")[0].at("device") == "uplink");
}

TEST_CASE("a device that makes no links is not told") {
  Fixture f;
  f.link = false;
  CHECK(f.asker.answer("links.streams").code == wire::Code::denied);
}

TEST_CASE("a link that knows the latest revision waits for the next, as long as it said") {
  Fixture f;
  f.asker.begin("links.streams", {{"after", 1}, {"wait_ms", 100}});
  f.polls.poll(99 * kMs);
  CHECK_FALSE(f.asker.answered());
  SECTION("something changes") {
    f.streams.update({Fixture::stream("laptop", "keys")});
    f.polls.poll(99 * kMs);
    REQUIRE(f.asker.answered());
    CHECK(Json::parse(f.asker.answered()->body).at("revision") == 2);
  }
  SECTION("nothing does") {
    f.polls.poll(100 * kMs);
    REQUIRE(f.asker.answered());
    CHECK(Json::parse(f.asker.answered()->body).at("revision") == 1);
  }
}

TEST_CASE("a wait ends before the call does") {
  Fixture f;
  f.asker.begin("links.streams", {{"after", 1}, {"wait_ms", 60'000}});
  CHECK(f.polls.deadline() == 4950 * kMs);  // of the 5 s that a call has
}

TEST_CASE("more streams than one answer holds come page by page") {
  Fixture f;
  std::vector<LinkStream> many;
  for (int i = 0; i < 500; ++i) many.push_back(Fixture::stream("laptop", fmt::format("s{:03}", i)));
  f.streams.update(many);
  std::vector<std::string> names;
  Json params = Json::object();
  for (;;) {
    const Json page = f.asker.ask("links.streams", params);
    CHECK(page.at("revision") == 2);
    for (const Json& stream : page.at("streams")) names.push_back(stream.at("stream"));
    if (!page.contains("next")) break;
    params["page"] = page.at("next");
  }
  REQUIRE(names.size() == many.size());
  for (std::size_t i = 0; i < many.size(); ++i) CHECK(names[i] == many[i].stream);
}
