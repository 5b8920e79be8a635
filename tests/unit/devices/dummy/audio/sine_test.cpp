#include "devices/dummy/audio/sine.hpp"

#include "devices/dummy/pace.hpp"
#include "devices/media/samples.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numbers>
#include <vector>

using namespace dkvm;
using namespace dkvm::dummy;

TEST_CASE("a tone begins at its zero, rises to its level and comes back") {
  const Sine sine(48'000, 1, {1000}, 0.5);
  CHECK(sine.at(0, 0) == 0);
  CHECK(sine.at(12, 0) == Approx(0.5));  // a quarter of its 48 samples
  CHECK(sine.at(36, 0) == Approx(-0.5));
}

TEST_CASE("every channel has its own tone, and the last one's goes on") {
  const Sine sine(48'000, 3, {1000, 2000}, 1);
  CHECK(sine.at(12, 0) == Approx(1));
  CHECK(sine.at(6, 1) == Approx(1));
  CHECK(sine.at(6, 2) == Approx(1));
  CHECK(sine.at(6, 0) == Approx(0.70710678));
}

TEST_CASE("after an hour of a simulated clock the tone stands where it has to") {
  // A device that wakes at whatever times and sends what is due by then.
  Pace pace(44'100);
  pace.begin(0, 0);
  const Sine sine(44'100, 1, {441}, 1);
  std::uint64_t sent = 0;
  const std::uint64_t hour_ns = 3'600'000'000'000;
  for (std::uint64_t now = 0; now < hour_ns; now += 9'876'543)
    while (pace.due_ns(sent) <= now) sent += 441;
  while (pace.due_ns(sent) < hour_ns) sent += 441;
  CHECK(sent == 44'100ull * 3600);
  for (std::uint64_t i = 0; i < 441; ++i) CHECK(sine.at(sent + i, 0) == sine.at(i, 0));
}

TEST_CASE("a tone that does not divide its rate has no jump in it after an hour") {
  const Sine sine(44'100, 1, {440.7}, 1);
  const long double turn = 2 * std::numbers::pi_v<long double>;
  const std::uint64_t hour = 44'100ull * 3600;
  for (std::uint64_t i = hour - 500; i < hour + 500; ++i) {
    const long double turns = 440.7L * static_cast<long double>(i) / 44'100;
    const auto exact = std::sin(turn * (turns - std::floor(turns)));
    REQUIRE(sine.at(i, 0) == Approx(static_cast<double>(exact)).margin(1e-4));
  }
}

TEST_CASE("samples are written in the format that is asked for, channel by channel") {
  const Sine sine(8'000, 2, {2000, 1000}, 0.5);
  for (const SampleFormat format : {SampleFormat::s16, SampleFormat::s32, SampleFormat::f32}) {
    const std::size_t bytes = bytes_per_sample(format);
    std::vector<std::byte> out(16 * 2 * bytes);
    sine.fill(5, format, out);
    for (std::size_t i = 0; i < 16; ++i)
      for (std::uint8_t channel = 0; channel < 2; ++channel)
        CHECK(media::read_sample(format, out.data() + (2 * i + channel) * bytes) ==
              Approx(sine.at(5 + i, channel)).margin(1.0 / 32'768));
  }
}
