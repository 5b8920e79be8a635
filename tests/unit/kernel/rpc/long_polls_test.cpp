#include "kernel/rpc/long_polls.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("a call waits until there is something, and is then answered once") {
  LongPolls polls;
  bool something = false;
  int answers = 0;
  polls.wait(100, 0, [&](bool last) {
    if (!something && !last) return false;
    ++answers;
    return true;
  });
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
  polls.wait(100, 0, [&](bool last) { return was_last = last; });
  polls.poll(99);
  CHECK_FALSE(was_last);
  polls.poll(100);
  CHECK(was_last);
}

TEST_CASE("one call too many is answered at once") {
  LongPolls polls;
  for (std::size_t i = 0; i < LongPolls::kWaitersMax; ++i)
    polls.wait(100, 0, [](bool last) { return last; });
  bool answered = false;
  polls.wait(100, 0, [&](bool last) { return answered = last; });
  CHECK(answered);
}
