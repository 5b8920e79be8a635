#include <catch2/catch.hpp>

#include "pipelines/address.hpp"
#include "pipelines/histogram.hpp"
#include "pipelines/policy.hpp"
#include "pipelines/refresh_limiter.hpp"
#include "pipelines/topic_set.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

using namespace dkvm;
using namespace dkvm::detail;

TEST_CASE("topic sets behave as sets, open ones too") {
  const std::vector<TopicId> universe = {1, 2, 13, 63, 64, 70, 1024, 1025, 2000};
  const std::vector<TopicSet> sets = {TopicSet(),        TopicSet::all(), {1, 1024},
                                      {2, 13, 64, 2000}, ~TopicSet{1024}, ~TopicSet{1, 70}};
  for (const TopicSet& a : sets) {
    for (const TopicSet& b : sets) {
      for (const TopicId id : universe) {
        REQUIRE((a & b).contains(id) == (a.contains(id) && b.contains(id)));
        REQUIRE((a | b).contains(id) == (a.contains(id) || b.contains(id)));
        REQUIRE((a - b).contains(id) == (a.contains(id) && !b.contains(id)));
      }
    }
  }
  REQUIRE((TopicSet{1} & TopicSet{2}).empty());
  REQUIRE((TopicSet{1030} - TopicSet{1030}).empty());
}

TEST_CASE("addresses have a device and perhaps a port") {
  REQUIRE(parse_port_address("keyboard")->port.empty());
  REQUIRE(parse_port_address("link/laptop/screen")->device == "link");
  REQUIRE(parse_port_address("link/laptop/screen")->port == "laptop/screen");
  for (const char* bad : {"", "/", "/a", "a/", "a//b"}) {
    INFO(bad);
    REQUIRE_FALSE(parse_port_address(bad));
  }
  REQUIRE_FALSE(parse_port_address(std::string(65, 'x')));
}

TEST_CASE("a histogram's percentiles are within 3.5 percent, or half a step of 32 ns") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(11.0, 2.0);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 200'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(latency(random)));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(
        values[static_cast<std::size_t>(share * static_cast<double>(values.size()))]);
    INFO(share);
    REQUIRE(static_cast<double>(histogram.percentile(share)) ==
            Approx(exact).epsilon(0.035).margin(17));
  }
  REQUIRE(histogram.percentile(1.0) <= values.back());
  REQUIRE(histogram.max_ns() == values.back());
}

TEST_CASE("a histogram told in wide buckets has every value in the right one, or at a border") {
  std::mt19937_64 random(8);
  std::lognormal_distribution<double> latency(13.0, 3.0);
  Histogram histogram;
  double sum = 0;
  std::array<std::uint64_t, kLatencyBoundsNs.size()> below{};  // surely: 3 % under the bound
  std::array<std::uint64_t, kLatencyBoundsNs.size()> up_to{};  // at most: 3 % above it
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<std::uint64_t>(latency(random));
    histogram.record(value);
    sum += static_cast<double>(value);
    for (std::size_t at = 0; at < below.size(); ++at) {
      if (value < kLatencyBoundsNs[at] * 97 / 100) ++below[at];
      if (value <= kLatencyBoundsNs[at] * 103 / 100) ++up_to[at];
    }
  }
  const LatencyStats stats = histogram.stats();
  std::uint64_t cumulated = 0;
  for (std::size_t at = 0; at < below.size(); ++at) {
    INFO("up to " << kLatencyBoundsNs[at] << " ns");
    cumulated += stats.buckets[at];
    CHECK(cumulated >= below[at]);
    CHECK(cumulated <= up_to[at]);
  }
  CHECK(cumulated + stats.buckets.back() == stats.count);
  CHECK(static_cast<double>(stats.sum_ns) == Approx(sum).epsilon(0.03));
}

TEST_CASE("histograms merge, reset and take anything") {
  Histogram a;
  Histogram b;
  REQUIRE(a.percentile(0.5) == 0);
  a.record(100);
  b.record(1'000'000);
  b.record(~std::uint64_t{0});
  a.merge(b);
  REQUIRE(a.count() == 3);
  REQUIRE(a.percentile(0.5) == Approx(1e6).epsilon(0.035));
  REQUIRE(a.max_ns() == ~std::uint64_t{0});
  a.reset();
  REQUIRE(a.count() == 0);
}

TEST_CASE("the refresh limiter delays and merges but loses nothing") {
  RefreshLimiter limiter;
  REQUIRE(limiter.due_ns() == RefreshLimiter::kNever);
  limiter.request(1);
  REQUIRE(limiter.poll(1000) == 1);
  limiter.request(2);
  limiter.request(4);
  REQUIRE(limiter.poll(1001) == 0);
  REQUIRE(limiter.due_ns() == 1000 + RefreshLimiter::kIntervalMinNs);
  REQUIRE(limiter.poll(limiter.due_ns()) == 6);
  REQUIRE(limiter.due_ns() == RefreshLimiter::kNever);
}

TEST_CASE("an override never makes held input losable") {
  const TopicId keys = id_of(wire::Topic::key);
  REQUIRE(policy_of(keys, Policy::latest) == Policy::lossless);
  REQUIRE(policy_of(keys, Policy::drop_oldest) == Policy::lossless);
  REQUIRE(policy_of(keys, Policy::block) == Policy::block);
  REQUIRE(policy_of(id_of(wire::Topic::pointer_motion), Policy::lossless) == Policy::lossless);
  REQUIRE(policy_of(id_of(wire::Topic::clipboard), Policy::latest) == Policy::latest);
  REQUIRE(policy_of(kCustomTopicFirst, std::nullopt) == Policy::lossless);
  REQUIRE(policy_named("drop-oldest") == Policy::drop_oldest);
  REQUIRE_FALSE(policy_named("fastest"));
}
