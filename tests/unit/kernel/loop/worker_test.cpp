#include "kernel/loop/worker.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <vector>

using namespace dkvm;

TEST_CASE("A worker does its work in order, on a thread of its own") {
  std::vector<int> done;
  std::thread::id thread;
  Worker worker;
  for (int i = 0; i < 100; ++i)
    REQUIRE(worker.post([&, i] {
      done.push_back(i);
      thread = std::this_thread::get_id();
    }));
  worker.drain();
  REQUIRE(done.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(done[static_cast<std::size_t>(i)] == i);
  CHECK(thread != std::this_thread::get_id());
}

TEST_CASE("A worker that ends does first what is waiting") {
  std::atomic<int> done = 0;
  {
    std::promise<void> go;
    Worker worker;
    REQUIRE(worker.post([&, wait = go.get_future().share()] { wait.wait(); }));
    for (int i = 0; i < 10; ++i) REQUIRE(worker.post([&] { ++done; }));
    CHECK(done == 0);
    go.set_value();
  }
  CHECK(done == 10);
}

TEST_CASE("A worker with too much to do leaves the rest to its caller") {
  std::promise<void> go, started;
  std::atomic<std::size_t> done = 0;
  Worker worker;
  REQUIRE(worker.post([&, wait = go.get_future().share()] {
    started.set_value();
    wait.wait();
  }));
  started.get_future().wait();
  for (std::size_t i = 0; i < Worker::kWaitingMax; ++i) REQUIRE(worker.post([&] { ++done; }));
  CHECK_FALSE(worker.post([&] { ++done; }));
  go.set_value();
  worker.drain();
  CHECK(done == Worker::kWaitingMax);
}
