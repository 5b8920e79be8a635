#include "devices/tcp/bulk/pace.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

using namespace dkvm::tcp;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint32_t kSegment = 1448;

// A path with a rate and a queue without end, and a sender that fills its window.
class Path {
 public:
  Path(double bytes_per_s, std::uint64_t rtt_ns) : rate_(bytes_per_s), rtt_ns_(rtt_ns) {}

  // Runs for a while; what is deepest in the queue, in time, after the first half.
  std::uint64_t run(Pace& pace, std::uint64_t for_ns) {
    std::uint64_t worst_ns = 0;
    const std::uint64_t end = now_ + for_ns;
    const std::uint64_t half = now_ + for_ns / 2;
    for (; now_ < end; now_ += kMs) {
      while (!flying_.empty() && flying_.front().acked_at <= now_) {
        acked_ += flying_.front().bytes;
        unacked_ -= flying_.front().bytes;
        flying_.pop_front();
      }
      pace.note(now_, {acked_, unacked_, rtt_ns_, kSegment}, true);
      while (unacked_ < pace.window_bytes()) {
        const auto bytes = std::min<std::uint64_t>(pace.window_bytes() - unacked_, kSegment);
        free_at_ = std::max(free_at_, now_) +
                   static_cast<std::uint64_t>(static_cast<double>(bytes) * 1e9 / rate_);
        flying_.push_back({bytes, free_at_ + rtt_ns_});
        unacked_ += bytes;
      }
      if (now_ > half) worst_ns = std::max(worst_ns, free_at_ > now_ ? free_at_ - now_ : 0);
    }
    return worst_ns;
  }
  void set_rate(double bytes_per_s) { rate_ = bytes_per_s; }
  std::uint64_t acked() const { return acked_; }

 private:
  struct Flying {
    std::uint64_t bytes;
    std::uint64_t acked_at;
  };
  double rate_;
  std::uint64_t rtt_ns_;
  std::uint64_t now_ = kMs;
  std::uint64_t free_at_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t unacked_ = 0;
  std::deque<Flying> flying_;
};

}  // namespace

TEST_CASE("A slow path is used up, and little more than a segment stands in its queue") {
  const std::uint64_t rtt = GENERATE(100'000, 10 * kMs, 50 * kMs);
  Path path(125'000, rtt);
  Pace pace;
  path.run(pace, 5'000 * kMs);
  const std::uint64_t before = path.acked();
  const std::uint64_t queued = path.run(pace, 10'000 * kMs);
  CAPTURE(rtt, queued);
  CHECK(static_cast<double>(path.acked() - before) / 10 > 0.9 * 125'000);
  CHECK(queued < 20 * kMs);
}

TEST_CASE("A fast path is found within a second") {
  Path path(125e6, kMs);
  Pace pace;
  path.run(pace, 1'000 * kMs);
  const std::uint64_t before = path.acked();
  path.run(pace, 1'000 * kMs);
  CHECK(static_cast<double>(path.acked() - before) > 0.8 * 125e6);
}

TEST_CASE("A path that becomes slower is believed") {
  Path path(12.5e6, kMs);
  Pace pace;
  path.run(pace, 2'000 * kMs);
  path.set_rate(125'000);
  path.run(pace, 5'000 * kMs);
  CHECK(path.run(pace, 2'000 * kMs) < 30 * kMs);
}

TEST_CASE("A sender that has little to send does not make the path look slow") {
  Path path(12.5e6, kMs);
  Pace pace;
  path.run(pace, 2'000 * kMs);
  const std::uint64_t before = pace.window_bytes();
  std::uint64_t acked = path.acked();
  for (std::uint64_t i = 1; i <= 1000; ++i)
    pace.note((3'000 + i * 20) * kMs, {acked += 100, 0, kMs, kSegment}, false);
  CHECK(pace.window_bytes() == before);
}
