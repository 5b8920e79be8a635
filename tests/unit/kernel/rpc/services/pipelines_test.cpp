#include "kernel/rpc/services/pipelines.hpp"

#include "tests/unit/kernel/rpc/services/asker.hpp"
#include "tests/unit/kernel/rpc/services/idle_kernel.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::size_t kPorts = 64;  // as many addresses as `from` and `to` may have

std::string port_name(std::size_t number) { return fmt::format("{:0>60}", number); }

// Two devices with long names and many ports, and a pipeline of all to all.
struct Fixture {
  IdleKernel kernel;
  PipelineSet pipelines{kernel.switchboard.router()};
  Asker asker;

  Fixture() {
    PipelineServices{kernel.switchboard, pipelines,
                     [](const std::string& text) {
                       return Result<PipelineSpec>(spec(Json::parse(text).at("name")));
                     }}
        .add_to(asker.table());
  }

  static std::string device(char letter) { return std::string(kNameBytesMax, letter); }

  static PipelineSpec spec(const std::string& name) {
    PipelineSpec spec;
    spec.name = name;
    for (std::size_t i = 0; i < kPorts; ++i) {
      spec.from.push_back(device('a') + "/" + port_name(i));
      spec.to.push_back(device('b') + "/" + port_name(i));
    }
    return spec;
  }

  void up(char letter, wire::Direction direction) {
    const auto id = kernel.switchboard.names().number(device(letter));
    REQUIRE(id);
    std::vector<RoutedPort> ports;
    for (std::size_t i = 0; i < kPorts; ++i)
      ports.push_back({static_cast<std::uint16_t>(i + 1), port_name(i), direction, TopicSet::all(),
                       false, false});
    kernel.switchboard.router().device_up(*id, device(letter), 1, false, ports, 0);
  }

  void both_up() {
    up('a', wire::Direction::source);
    up('b', wire::Direction::sink);
  }
};

const Json kWide = {{"name", "wide"}};

}  // namespace

TEST_CASE("a pipeline of all the edges it may have is made, listed, switched and told in pages") {
  Fixture f;
  f.both_up();
  const Json made = f.asker.ask("pipelines.create", {{"pipeline", kWide}});
  CHECK(made.at("edge_count") == kPorts * kPorts);
  CHECK(made.at("state") == "active");
  const Json listed = f.asker.ask("pipelines.list").at("pipelines");
  REQUIRE(listed.size() == 1);
  CHECK(listed[0] == made);
  CHECK(f.asker.ask("pipelines.disable", kWide).at("enabled") == false);
  CHECK(f.asker.ask("pipelines.enable", kWide).at("enabled") == true);

  std::set<std::pair<std::string, std::string>> seen;
  const auto edges = f.asker.ask_all("pipelines.stats", kWide, "edges");
  for (const Json& edge : edges) seen.emplace(edge.at("from"), edge.at("to"));
  CHECK(edges.size() == kPorts * kPorts);
  CHECK(seen.size() == kPorts * kPorts);
}

TEST_CASE("a pipeline that misses all its devices fits an answer") {
  Fixture f;
  REQUIRE(f.pipelines.add(Fixture::spec("wide"), 0));
  CHECK(f.asker.ask("pipelines.list").at("pipelines")[0].at("missing").size() == 2 * kPorts);
  const Json stats = f.asker.ask("pipelines.stats", kWide);
  CHECK(stats.at("missing").size() == 2 * kPorts);
  CHECK(stats.at("edges").empty());
}

TEST_CASE("a page of edges leaves room for what is missing beside them") {
  Fixture f;
  f.both_up();
  PipelineSpec half = Fixture::spec("wide");
  for (std::size_t i = 0; i < kPorts / 2; ++i) {
    half.from[i] = fmt::format("{}/{:x>128}", Fixture::device('c'), i);
    half.to[i] = fmt::format("{}/{:x>128}", Fixture::device('d'), i);
  }
  REQUIRE(f.pipelines.add(std::move(half), 0));
  const Json first = f.asker.ask("pipelines.stats", kWide);
  CHECK(first.at("missing").size() == kPorts);
  CHECK(first.contains("next"));
  CHECK(f.asker.ask_all("pipelines.stats", kWide, "edges").size() == kPorts * kPorts / 4);
}

TEST_CASE("the sums of a pipeline are those of its edges") {
  Fixture f;
  f.both_up();
  REQUIRE(f.pipelines.add(Fixture::spec("wide"), 0));
  wire::KeyT key;
  key.code = 30;
  key.down = true;
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(key)};
  frame.header.mutate_topic(id_of(wire::Topic::key));
  frame.header.mutate_sequence(1);
  f.kernel.switchboard.router().publish({1, 1}, frame, 0);
  CHECK(f.asker.ask("pipelines.list").at("pipelines")[0].at("in") == kPorts);
  std::uint64_t in = 0;
  for (const Json& edge : f.asker.ask_all("pipelines.stats", kWide, "edges"))
    in += edge.at("in").get<std::uint64_t>();
  CHECK(in == kPorts);
}

TEST_CASE("there are no edges after the last one") {
  Fixture f;
  f.both_up();
  REQUIRE(f.pipelines.add(Fixture::spec("wide"), 0));
  for (const char* after : {"000000004096", "999999999999"})
    CHECK(f.asker.ask("pipelines.stats", {{"name", "wide"}, {"after", after}}).at("edges").empty());
}

TEST_CASE("pipelines.stats refuses an 'after' that no answer gave") {
  Fixture f;
  REQUIRE(f.pipelines.add(Fixture::spec("wide"), 0));
  for (const std::string after : {"7th", "7", "99999999999999999999"}) {
    const auto refused = f.asker.answer("pipelines.stats", {{"name", "wide"}, {"after", after}});
    CHECK(refused.code == wire::Code::invalid);
    CHECK(refused.message == "'after' is '" + after + "', expected the 'next' of another answer");
  }
  CHECK(f.asker.answer("pipelines.stats", {{"name", "wid"}}).message ==
        "there is no pipeline 'wid' (did you mean 'wide'?)");
}

TEST_CASE("the edges of all pipelines are told in one list of pages") {
  Fixture f;
  f.both_up();
  REQUIRE(f.pipelines.add(Fixture::spec("one"), 0));
  PipelineSpec small = Fixture::spec("two");
  small.from.resize(1);
  small.to.resize(2);
  REQUIRE(f.pipelines.add(std::move(small), 0));
  std::map<std::string, std::size_t> of_pipeline;
  std::set<std::uint64_t> ids;
  for (const Json& edge : f.asker.ask_all("pipelines.edges", Json::object(), "edges")) {
    ++of_pipeline[edge.at("pipeline")];
    ids.insert(edge.at("id").get<std::uint64_t>());
    CHECK(edge.at("latency").at("whole").contains("p50_us"));
  }
  CHECK(of_pipeline == std::map<std::string, std::size_t>{{"one", kPorts * kPorts}, {"two", 2}});
  CHECK(ids.size() == kPorts * kPorts + 2);
}

TEST_CASE("latencies come as buckets to whoever adds them up") {
  constexpr std::uint64_t kCaptured = 1'000'000'000;
  Fixture f;
  f.both_up();
  PipelineSpec spec = Fixture::spec("wide");
  spec.from.resize(1);
  spec.to.resize(1);
  REQUIRE(f.pipelines.add(std::move(spec), 0));
  wire::KeyT key;
  key.code = 30;
  key.down = true;
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(key)};
  frame.header.mutate_topic(id_of(wire::Topic::key));
  frame.header.mutate_sequence(1);
  frame.header.mutate_capture_ns(kCaptured);
  Router& router = f.kernel.switchboard.router();
  router.publish({1, 1}, frame, kCaptured + 15'000);
  std::vector<std::byte> out(kFrameBytesMax + 1);
  REQUIRE(router.take(2, out, 1, kCaptured + 3'015'000) != 0);

  const Json told = f.asker.ask("pipelines.edges", {{"buckets", true}});
  const Json& bounds = told.at("bounds_us");
  REQUIRE(told.at("edges").size() == 1);
  const Json& latency = told.at("edges")[0].at("latency");
  const auto bucket_of = [&](const char* hop) {
    const Json& buckets = latency.at(hop).at("buckets");
    REQUIRE(buckets.size() == bounds.size() + 1);
    const auto full = std::find(buckets.begin(), buckets.end(), 1);
    REQUIRE(full != buckets.end());
    return static_cast<std::size_t>(full - buckets.begin());
  };
  CHECK(bounds.at(bucket_of("captured")) == 20.0);  // of 15 µs
  CHECK(bounds.at(bucket_of("queued")) == 5000.0);  // of 3 ms
  CHECK(latency.at("queued").at("sum_us").get<double>() == Approx(3000).epsilon(0.03));
  CHECK(latency.at("queued").at("max_us") == 3000.0);
  CHECK_FALSE(latency.at("queued").contains("p50_us"));
  CHECK(latency.at("applied").at("buckets").empty());
}
