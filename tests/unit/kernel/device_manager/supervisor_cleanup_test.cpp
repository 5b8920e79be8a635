#include "kernel/device_manager/supervisor.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>

#include "tests/unit/kernel/device_manager/supervised.hpp"

using namespace dkvm;
using namespace dkvm::test;
using namespace std::chrono_literals;

namespace {

SupervisorSpec cleans() {
  SupervisorSpec spec;
  spec.cleanup = true;
  return spec;
}

}  // namespace

TEST_CASE("after an unclean death the codes are cleaned up and the next start waits for it") {
  Supervised device(cleans());
  device.run();
  CHECK(device.on(Supervised::killed(SIGKILL, {29, 42})) ==
        Words{"disconnect", "gap 1", "cleanup 29,42", "died: killed by SIGKILL",
              "backoff: killed by SIGKILL"});
  CHECK(device.after(250ms) == Words{"starting: killed by SIGKILL"});
  CHECK(device.after(200ms, event::CleanupFinished{}) == Words{"starting", "spawn 2"});
}

TEST_CASE("a cleanup that overruns is run again, and the next start waits for it") {
  Supervised device(cleans());
  device.run();
  device.on(Supervised::killed(SIGKILL, {29}));
  device.after(250ms);
  for (int run = 1; run < kCleanupRunsMax; ++run)
    CHECK(device.after(500ms, event::CleanupFinished{true}) == Words{"cleanup 29"});
  SECTION("until it is done") {
    CHECK(device.after(10ms, event::CleanupFinished{}) == Words{"starting", "spawn 2"});
  }
  SECTION("or was run six times: what it owes goes to the next one") {
    CHECK(device.after(500ms, event::CleanupFinished{true}) ==
          Words{"given up 29", "starting", "spawn 2"});
    device.on(event::Spawned{78});
    device.on(event::HelloAccepted{});
    SECTION("which is when the device is at work again") {
      CHECK(device.on(event::Started{}) == Words{"running", "cleanup 29"});
      CHECK(device.on(event::CleanupFinished{}).empty());
      device.on(event::StoppedFrame{});
      CHECK(device.on(Supervised::killed(SIGKILL)).size() == 4);  // nothing is owed
      CHECK_FALSE(device.supervisor.cleaning_up());
    }
    SECTION("or after its next death, whatever that leaves") {
      const Words end = device.on(Supervised::killed(SIGKILL, {42}));
      CHECK(std::count(end.begin(), end.end(), "cleanup 29,42") == 1);
    }
  }
}

TEST_CASE("what a device leaves while its cleanup runs is cleaned up after that") {
  Supervised device(cleans());
  device.run();
  device.on(Supervised::killed(SIGKILL, {29}));
  device.after(250ms);
  for (int run = 0; run < kCleanupRunsMax; ++run) device.after(500ms, event::CleanupFinished{true});
  device.on(event::Spawned{78});
  device.on(event::HelloAccepted{});
  device.on(event::Started{});
  const Words end = device.on(Supervised::killed(SIGKILL, {42}));
  CHECK(std::count(end.begin(), end.end(), "cleanup 29,42") == 0);
  CHECK(device.on(event::CleanupFinished{}) == Words{"cleanup 29,42"});
}

TEST_CASE("nothing is cleaned up without codes, without the ability, or after a goodbye") {
  const auto cleans_after = [](SupervisorSpec spec, bool goodbye, event::Exited exit) {
    Supervised device(spec);
    device.run();
    if (goodbye) device.on(event::StoppedFrame{});
    device.on(exit);
    return device.supervisor.cleaning_up();
  };
  const event::Exited with_codes{{0, 0}, {29}};
  CHECK(cleans_after(cleans(), false, with_codes));
  CHECK(cleans_after(cleans(), true, Supervised::killed(SIGKILL, {29})));
  CHECK_FALSE(cleans_after(cleans(), true, with_codes));
  CHECK_FALSE(cleans_after(cleans(), false, Supervised::killed(SIGKILL)));
  CHECK_FALSE(cleans_after({}, false, Supervised::killed(SIGKILL, {29})));
}

TEST_CASE("a cleanup runs in any state and a start then waits for it") {
  Supervised device(cleans());
  device.run();
  device.on(event::Stop{"by hand", device.now});
  device.on(Supervised::killed(SIGKILL, {29}));
  CHECK(device.supervisor.state() == RunState::stopped);
  CHECK_FALSE(device.supervisor.at_rest());
  CHECK(device.on(event::Start{}) == Words{"starting: waits for the cleanup"});
  CHECK(device.on(event::Stop{"no", device.now}) == Words{"stopped: no"});
  CHECK(device.on(event::CleanupFinished{}).empty());
  CHECK(device.supervisor.at_rest());
}
