#include "devices/dummy/pace.hpp"

#include <catch2/catch.hpp>

using dkvm::dummy::Pace;

namespace {
constexpr std::uint64_t kSecond = 1'000'000'000;
}

TEST_CASE("a pace that is no whole number of nanoseconds is right to one after a year") {
  Pace pace(60);
  pace.begin(0, 5);
  CHECK(pace.due_ns(0) == 5);
  CHECK(pace.due_ns(1) == 5 + kSecond / 60);
  CHECK(pace.due_ns(3) == 5 + kSecond / 20);
  const std::uint64_t year_s = 365 * 24 * 3600;
  CHECK(pace.due_ns(60 * year_s) == 5 + year_s * kSecond);
  CHECK(pace.due_ns(60 * year_s + 1) == 5 + year_s * kSecond + kSecond / 60);
}

TEST_CASE("samples are due after an hour exactly when an hour has passed") {
  for (const double rate : {8'000.0, 44'100.0, 48'000.0, 768'000.0}) {
    Pace pace(rate);
    pace.begin(0, 0);
    CHECK(pace.due_ns(static_cast<std::uint64_t>(rate) * 3600) == 3600 * kSecond);
  }
}

TEST_CASE("a pace of thousandths is kept exactly") {
  Pace film(23.976);
  film.begin(0, 0);
  CHECK(film.due_ns(23'976) == 1000 * kSecond);
  Pace slow(Pace::kRateMin);
  slow.begin(0, 0);
  CHECK(slow.due_ns(2) == 2000 * kSecond);
  Pace fast(Pace::kRateMax);
  fast.begin(0, 0);
  CHECK(fast.due_ns(1'000'000'000'007) == 1'000'000 * kSecond + 7'000);
}

TEST_CASE("a pace that begins anew counts from there") {
  Pace pace(10);
  pace.begin(0, 0);
  pace.begin(7, 100);
  CHECK(pace.due_ns(7) == 100);
  CHECK(pace.due_ns(8) == 100 + kSecond / 10);
}

TEST_CASE("what runs freely is due at once") {
  Pace pace(0);
  CHECK(pace.free_running());
  pace.begin(3, 42);
  CHECK(pace.due_ns(1'000'000) == 42);
}
