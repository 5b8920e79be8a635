#include "kernel/rpc/long_polls.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

constexpr DeviceId kCaller = 1;

bool always() { return true; }
bool answers_at_last(bool last) { return last; }

}  // namespace

TEST_CASE("a call waits until there is something, and is then answered once") {
  LongPolls polls;
  bool something = false;
  int answers = 0;
  const auto attempt = [&](bool last) {
    if (!something && !last) return false;
    ++answers;
    return true;
  };
  REQUIRE(polls.wait(kCaller, 100, 0, attempt, always));
  CHECK(polls.deadline() == 100);
  polls.poll(50);
  CHECK(answers == 0);
  something = true;
  polls.poll(60);
  polls.poll(70);
  CHECK(answers == 1);
  CHECK(polls.empty());
  CHECK(polls.deadline() == LongPolls::kNever);
}

TEST_CASE("a call is answered with nothing when its time is up") {
  LongPolls polls;
  bool was_last = false;
  REQUIRE(polls.wait(
      kCaller, 100, 0, [&](bool last) { return was_last = last; }, always));
  polls.poll(99);
  CHECK_FALSE(was_last);
  polls.poll(100);
  CHECK(was_last);
}

TEST_CASE("one caller alone cannot take the places of the others") {
  LongPolls polls;
  for (std::size_t i = 0; i < LongPolls::kWaitersPerCallerMax; ++i)
    REQUIRE(polls.wait(kCaller, 100, 0, answers_at_last, always));
  const auto refused = polls.wait(kCaller, 100, 0, answers_at_last, always);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::overloaded);
  CHECK(polls.wait(kCaller + 1, 100, 0, answers_at_last, always));
  bool answered = false;
  CHECK(polls.wait(
      kCaller, 0, 0, [&](bool last) { return answered = last; }, always));
  CHECK(answered);
}

TEST_CASE("when all places are taken a call is overloaded, whoever makes it") {
  LongPolls polls;
  for (std::size_t i = 0; i < LongPolls::kWaitersMax; ++i)
    REQUIRE(polls.wait(static_cast<DeviceId>(i), 100, 0, answers_at_last, always));
  const auto refused = polls.wait(DeviceId{9999}, 100, 0, answers_at_last, always);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::overloaded);
}

TEST_CASE("the place of a call that nobody wants any more is free") {
  LongPolls polls;
  bool wanted = true;
  for (std::size_t i = 0; i < LongPolls::kWaitersPerCallerMax; ++i)
    REQUIRE(polls.wait(kCaller, 100, 0, answers_at_last, [&] { return wanted; }));
  wanted = false;
  CHECK(polls.wait(kCaller, 100, 0, answers_at_last, always));
  polls.poll(100);
  CHECK(polls.empty());
}
