#include "tests/hostile/picture_run.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm::test;

namespace {

const std::string kNotHeld = "expected a buffer that this port holds";

}  // namespace

TEST_CASE("releasing what one does not hold ends the consumer, and no other") {
  run_liars({{"release-no-such-pool", "which is no open pool"},
             {"release-slot-beyond", "slot 1000000, generation"},
             {"release-next-generation", "expected generation"},
             {"release-last-generation", "expected generation"},
             {"release-of-others", "on port 2, " + kNotHeld},
             {"release-twice", "on port 2, " + kNotHeld},
             {"release-twice-at-once", "on port 2, " + kNotHeld},
             {"release-on-source", "on port 1, " + kNotHeld},
             {"release-on-no-port", "on port 9, " + kNotHeld},
             {"release-nothing", "a frame 'release' without a buffer"},
             {"release-a-million-forgeries", "expected generation"}},
            Light::on);
}

TEST_CASE("passing on what one does not hold ends the consumer, and no other") {
  const std::string not_its_own = "expected a slot that it was granted or a buffer that it holds";
  run_liars({{"forward-next-generation", "expected generation"},
             {"forward-of-others", not_its_own},
             {"forward-byte-earlier", "expected 1 to"},
             {"forward-byte-longer", "expected 1 to"},
             {"forward-after-release", not_its_own},
             {"map-what-it-reads", "expected one that it was given to map, once"},
             {"close-what-is-open", "expected one that it was asked to close, once"}},
            Light::on);
}

TEST_CASE("retaining and releasing by call what one does not hold is refused, and nobody ends") {
  run_liars({{"lease-calls", ""}}, Light::on);
}

TEST_CASE("a million buffers may be released, and the one after them is checked as the first") {
  PictureRun run(liar("release-a-million") + liar("a-million-pictures"),
                 "  - {name: million, from: a-million-pictures/screen, to: release-a-million/view, "
                 "queue: {policy: block}}\n");
  run.wait_until(
      "a million is released",
      [&] { return run.device("release-a-million").value("state", "") == "failed"; },
      std::chrono::seconds(90));
  run.wait_failed("release-a-million", "on port 2, " + kNotHeld);
  run.wait_no_memory_of("release-a-million");
  CHECK(run.device("a-million-pictures")["state"] == "running");
  run.check_rest();
}

TEST_CASE("consumers that never release starve nobody, and nothing is theirs when they die") {
  PictureRun run(liar("never-release") + liar("killed-with-leases"),
                 lit("never-release") + lit("killed-with-leases"));
  run.wait_failed("killed-with-leases", "killed by SIGKILL");
  run.wait_no_memory_of("killed-with-leases");
  run.wait_until("it holds all that it may", [&] {
    for (const Json& pool : run.pools())
      for (const Json& consumer : pool["consumers"])
        if (consumer["device"] == "never-release" && consumer["leased"] > 0)
          return consumer["leased"] == consumer["share"];
    return false;
  });
  run.check_rest();
}

TEST_CASE("a consumer that never releases does not keep its producer from new pools") {
  PictureRun run(liar("ever-new-pools") + liar("hoard"),
                 "  - {name: ever-new, from: ever-new-pools/screen, to: hoard/view, "
                 "queue: {policy: latest}}\n");
  run.wait_state("ever-new-pools", "finished");
  run.check_rest();
}

TEST_CASE("a consumer that keeps a pool which was to be closed is ended after a second") {
  PictureRun run(liar("keep-closed-pool"), lit("keep-closed-pool"), 2000, 200);
  run.wait_state("lamp", "finished");
  run.wait_failed("keep-closed-pool", "it has not answered pool_close of pool");
  run.wait_until("no pool is left", [&] { return run.pools() == Json::array(); });
  CHECK(run.device("wall")["state"] == "running");
  run.check_rest();
}
