#include "devices/tcp/streams/way_meter.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::tcp;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 3'600'000 * kMs;  // of a clock that has run for a while

}  // namespace

TEST_CASE("A way that takes everything at once is no news") {
  WayMeter meter;
  for (std::uint64_t i = 1; i < 100; ++i) {
    meter.add(i, 10'000, kStart + i * 16 * kMs, kStart + i * 16 * kMs);
    CHECK_FALSE(meter.news(kStart + i * 16 * kMs));
    meter.written(i, kStart + (i * 16 + 2) * kMs);
    CHECK_FALSE(meter.news(kStart + (i * 16 + 2) * kMs));
  }
}

TEST_CASE("A queue is told, with what the way takes, five times a second at most") {
  WayMeter meter;
  // 16,000 bytes each 32 ms: 4 Mbit/s; the way takes half of that.
  int told = 0;
  Feedback last;
  std::uint64_t written = 0;
  for (std::uint64_t ms = 0; ms < 2'000; ++ms) {
    const std::uint64_t now = kStart + ms * kMs;
    if (ms % 32 == 0) meter.add(ms / 32 + 1, 16'000, now, now);
    if (ms % 64 == 63) meter.written(++written, now);
    if (const auto news = meter.news(now)) {
      ++told;
      last = *news;
    }
  }
  CHECK(told >= 8);
  CHECK(told <= 10);
  CHECK(last.queue_ms > 500);
  CHECK(last.queue_bytes > 400'000);
  CHECK(last.bits_per_s > 1'800'000);
  CHECK(last.bits_per_s < 2'200'000);
}

TEST_CASE("The end of a queue is told once") {
  WayMeter meter;
  meter.add(1, 1000, kStart, kStart);
  const auto queue = meter.news(kStart + 100 * kMs);
  REQUIRE(queue);
  CHECK(queue->queue_ms == 100);
  CHECK(queue->queue_bytes == 1000);
  meter.written(1, kStart + 110 * kMs);
  CHECK_FALSE(meter.news(kStart + 120 * kMs));
  const auto none = meter.news(kStart + 310 * kMs);
  REQUIRE(none);
  CHECK(none->queue_ms == 0);
  CHECK(none->queue_bytes == 0);
  CHECK_FALSE(meter.news(kStart + 610 * kMs));
}

TEST_CASE("What is dropped is told, and summed up") {
  WayMeter meter;
  meter.add(1, 1000, kStart, kStart);
  meter.dropped(1);
  meter.dropped();
  const auto news = meter.news(kStart + 5 * kMs);
  REQUIRE(news);
  CHECK(news->dropped == 2);
  CHECK(news->queue_bytes == 0);
  CHECK_FALSE(meter.news(kStart + 500 * kMs));
}

TEST_CASE("Another connection begins without a queue, and without a rate") {
  WayMeter meter;
  meter.add(1, 1000, kStart, kStart);
  meter.written(1, kStart + 200 * kMs);
  meter.add(2, 1000, kStart + 200 * kMs, kStart + 200 * kMs);
  meter.clear();
  meter.add(3, 500, kStart + 300 * kMs, kStart + 300 * kMs);
  const auto news = meter.news(kStart + 340 * kMs);
  REQUIRE(news);
  CHECK(news->queue_ms == 40);
  CHECK(news->queue_bytes == 500);
  CHECK(news->bits_per_s == 0);
}

TEST_CASE("What has waited before it came counts, what takes its time always does not") {
  WayMeter meter;
  std::uint64_t now = kStart;
  // Each is 40 ms old as it comes: that long an encoder takes.
  for (std::uint64_t i = 1; i <= 50; ++i) {
    now += 33 * kMs;
    meter.add(i, 1000, now - 40 * kMs, now);
    CHECK_FALSE(meter.news(now + 5 * kMs));
    meter.written(i, now + 5 * kMs);
  }
  meter.add(51, 1000, now - 120 * kMs, now);
  const auto news = meter.news(now + 10 * kMs);
  REQUIRE(news);
  CHECK(news->queue_ms == 90);
}
