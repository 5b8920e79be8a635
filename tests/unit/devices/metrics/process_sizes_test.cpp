#include "devices/metrics/process_sizes.hpp"

#include "devices/metrics/limits.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

using namespace dkvm;
using namespace dkvm::metrics;

namespace {

constexpr auto kAgeNs = std::uint64_t{std::chrono::nanoseconds(kSizeAgeMax).count()};

struct Fixture {
  std::vector<int> read;
  ProcessSizes sizes{[this](int pid) -> std::optional<ProcessMemory> {
    read.push_back(pid);
    if (pid == 13) return std::nullopt;
    return ProcessMemory{2000, static_cast<std::uint64_t>(pid) * 10, 0};
  }};
};

}  // namespace

TEST_CASE("a process is looked at when it is new and when its size has become old") {
  Fixture f;
  f.sizes.look({1, 2}, 1000);
  f.sizes.look({1, 2, 3}, 2000);
  CHECK(f.read == std::vector<int>{1, 2, 3});
  CHECK(f.sizes.proportional_bytes(2) == 20);
  f.sizes.look({1, 2, 3}, 1000 + kAgeNs);
  CHECK(f.read == std::vector<int>{1, 2, 3, 1, 2});
}

TEST_CASE("one that may not be looked at has no size, and is not asked all the time") {
  Fixture f;
  f.sizes.look({13}, 1000);
  f.sizes.look({13}, 2000);
  CHECK(f.read.size() == 1);
  CHECK_FALSE(f.sizes.proportional_bytes(13));
}

TEST_CASE("what is gone is forgotten, and 0 is no process") {
  Fixture f;
  f.sizes.look({1, 0}, 1000);
  f.sizes.look({2}, 2000);
  CHECK_FALSE(f.sizes.proportional_bytes(1));
  CHECK(f.read == std::vector<int>{1, 2});
}

TEST_CASE("many are looked at in turns, new ones first") {
  Fixture f;
  std::vector<int> pids(3 * kSizesPerPageMax);
  std::iota(pids.begin(), pids.end(), 100);
  f.sizes.look(pids, 1000);
  CHECK(f.read.size() == kSizesPerPageMax);
  f.sizes.look(pids, 1001);
  f.sizes.look(pids, 1002);
  CHECK(f.read.size() == pids.size());
  std::sort(f.read.begin(), f.read.end());
  CHECK(f.read == pids);
}
