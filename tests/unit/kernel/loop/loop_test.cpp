#include "kernel/loop/loop.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/loop/unique_fd.hpp"

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
  Pipe() {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
  void put() { REQUIRE(::write(write.get(), "x", 1) == 1); }
};

}  // namespace

TEST_CASE("a timer rings once and never early") {
  Loop loop;
  int rings = 0;
  TimePoint rang;
  Timer timer(loop, [&] {
    ++rings;
    rang = Clock::now();
  });
  for (const Duration delay : {0us, 100us, 1500us, 7300us}) {
    const TimePoint due = Clock::now() + delay;
    timer.arm_at(due);
    CHECK(timer.armed());
    loop.run();
    CHECK(rang >= due);
    CHECK_FALSE(timer.armed());
  }
  CHECK(rings == 4);
}

TEST_CASE("a timer that is disarmed, or armed for never, does not ring") {
  Loop loop;
  Timer timer(loop, [] { FAIL("it rang"); });
  timer.arm_in(0s);
  timer.disarm();
  timer.arm_in(0s);
  timer.arm_at(kNever);
  loop.run();
  CHECK_FALSE(timer.armed());
}

TEST_CASE("a poll tells what is readable and that the other side is gone") {
  Loop loop;
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
  const UniqueFd ours(fds[0]);
  UniqueFd theirs(fds[1]);
  PollEvents seen;
  Poll poll(loop, ours.get(), [&](PollEvents events) { seen = events; });
  poll.watch(true, false);
  loop.run_ready();
  CHECK_FALSE(seen.readable);
  REQUIRE(::write(theirs.get(), "x", 1) == 1);
  loop.run_once();
  CHECK(seen.readable);
  CHECK_FALSE(seen.writable);
  CHECK_FALSE(seen.hangup);
  theirs.reset();
  loop.run_once();
  CHECK(seen.readable);
  CHECK(seen.hangup);
}

TEST_CASE("a callback may destroy its own wrapper") {
  Loop loop;
  Pipe pipe;
  pipe.put();
  int called = 0;
  std::optional<Poll> poll;
  poll.emplace(loop, pipe.read.get(), [&, guard = std::vector<int>(1000, 7)](PollEvents) {
    poll.reset();
    called += guard.back();
  });
  poll->watch(true, false);
  std::optional<Timer> timer;
  timer.emplace(loop, [&, guard = std::vector<int>(1000, 7)] {
    timer.reset();
    called += guard.back();
  });
  timer->arm_in(0s);
  loop.run();
  CHECK(called == 14);
}

TEST_CASE("what is requested after a poll runs when the readable has been read") {
  Loop loop;
  Pipe pipe;
  std::vector<std::string> order;
  Poll poll(loop, pipe.read.get(), [&](PollEvents) {
    order.emplace_back("read");
    poll.watch(false, false);
  });
  poll.watch(true, false);
  AfterPoll judge(loop, [&] { order.emplace_back("judge"); });
  Timer timer(loop, [&] {
    pipe.put();
    judge.request();
  });
  timer.arm_in(0s);
  loop.run();
  CHECK(order == std::vector<std::string>{"read", "judge"});
}

TEST_CASE("a judgement that nobody answers does not wait for events") {
  Loop loop;
  int judged = 0;
  AfterPoll judge(loop, [&] { ++judged; });
  judge.request();
  loop.run();
  CHECK(judged == 1);
}

TEST_CASE("another thread wakes the loop") {
  Loop loop;
  bool woken = false;
  std::optional<Async> async;
  async.emplace(loop, [&] {
    woken = true;
    async.reset();
  });
  std::thread other([&] { async->send(); });
  loop.run();
  other.join();
  CHECK(woken);
}

TEST_CASE("a signal is delivered in the loop") {
  Loop loop;
  bool rang = false;
  std::optional<Signal> signal;
  signal.emplace(loop, SIGUSR1, [&] {
    rang = true;
    signal.reset();
  });
  ::raise(SIGUSR1);
  loop.run();
  CHECK(rang);
}
