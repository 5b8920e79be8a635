#include "tools/bench/harness/control.hpp"

#include "tools/bench/harness/process.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace dkvm;
using namespace dkvm::bench;
using namespace std::chrono_literals;

namespace {

struct Stage {
  TemporaryFolder folder = *TemporaryFolder::make();
  Conductor conductor = *Conductor::listen(folder.file("control"));
};

}  // namespace

TEST_CASE("an endpoint introduces itself, takes an order and reports") {
  Stage stage;
  const auto sink = ControlLink::connect(stage.conductor.path(), "sink");
  REQUIRE(sink);
  REQUIRE(stage.conductor.await("sink", 5s));
  CHECK(stage.conductor.introduction("sink").pid == ::getpid());

  REQUIRE(stage.conductor.order("sink", {Order::Kind::collect, 1, 5000, 7}));
  const auto order = sink->next();
  REQUIRE(order);
  CHECK(order->kind == Order::Kind::collect);
  CHECK(order->rate_hz == 5000);
  CHECK(order->duration_ns == 7);

  Outcome outcome;
  outcome.events = 42;
  const std::vector<std::uint32_t> latencies_ns(kSamplesMax, 1500);
  sink->report(outcome, latencies_ns);
  const auto answer = stage.conductor.answer("sink", 5s);
  REQUIRE(answer);
  CHECK(answer->outcome.events == 42);
  REQUIRE(answer->latencies_us.size() == kSamplesMax);
  CHECK(answer->latencies_us.back() == 1.5);
}

TEST_CASE("one that never comes is named") {
  Stage stage;
  const auto awaited = stage.conductor.await("nobody", 1ms);
  REQUIRE_FALSE(awaited);
  CHECK(awaited.error().code() == Errc::timeout);
  CHECK(awaited.error().message() == "'nobody' did not get ready");
}

TEST_CASE("an endpoint that was restarted takes its predecessor's place") {
  Stage stage;
  const auto first = ControlLink::connect(stage.conductor.path(), "victim");
  REQUIRE(stage.conductor.await("victim", 5s));
  const std::uint64_t before_ns = stage.conductor.introduction("victim").ready_ns;
  const auto second = ControlLink::connect(stage.conductor.path(), "victim");
  const auto ready = stage.conductor.await_next("victim", before_ns, 5s);
  REQUIRE(ready);
  CHECK(ready->ready_ns > before_ns);
  REQUIRE(stage.conductor.order("victim", {Order::Kind::tally, 0, 0, 0}));
  CHECK(second->next());
  CHECK_FALSE(first->next());
}

TEST_CASE("an endpoint learns that its bench is gone") {
  std::optional<Stage> stage(std::in_place);
  const auto link = ControlLink::connect(stage->conductor.path(), "source");
  REQUIRE(stage->conductor.await("source", 5s));
  stage.reset();
  CHECK_FALSE(link->next());
}

TEST_CASE("without a bench there is nothing to connect to") {
  const auto link = ControlLink::connect("/nonexistent/control", "source");
  REQUIRE_FALSE(link);
  CHECK(link.error().code() == Errc::disconnected);
}
