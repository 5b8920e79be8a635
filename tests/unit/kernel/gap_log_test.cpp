#include "kernel/gap_log.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <utility>
#include <vector>

using namespace dkvm;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

struct Written {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lines;  // lost, gaps
  GapLog log{[this](const Gap& sum, std::uint64_t gaps) { lines.emplace_back(sum.lost, gaps); }};
};

using Lines = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

const Gap kGap{"typing", "kbd/keys", "desk/keys", 3, Drop::overflow};

}  // namespace

TEST_CASE("the first gap is told at once, the next ones once a second as a sum") {
  Written written;
  for (std::uint64_t i = 0; i < 1000; ++i) written.log.add(kGap, i * kMs);
  CHECK(written.lines == Lines{{3, 1}});
  CHECK(written.log.deadline() == 1000 * kMs);
  written.log.tick(999 * kMs);
  CHECK(written.lines.size() == 1);
  written.log.tick(1000 * kMs);
  CHECK(written.lines == Lines{{3, 1}, {999 * 3, 999}});
}

TEST_CASE("after a quiet second a gap is told at once again") {
  Written written;
  written.log.add(kGap, 0);
  written.log.tick(1000 * kMs);
  CHECK(written.log.deadline() == GapLog::kNever);
  written.log.add(kGap, 1500 * kMs);
  CHECK(written.lines == Lines{{3, 1}, {3, 1}});
}

TEST_CASE("each edge has a word of its own, and nothing is left unsaid") {
  Written written;
  Gap other = kGap;
  other.sink = "recorder/in";
  written.log.add(kGap, 0);
  written.log.add(other, 0);
  CHECK(written.lines.size() == 2);
  written.log.add(other, 1);
  written.log.finish();
  CHECK(written.lines == Lines{{3, 1}, {3, 1}, {3, 1}});
  written.log.finish();
  CHECK(written.lines.size() == 3);
}
