#include "tests/hostile/picture_run.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm::test;

namespace {

const std::string kNotItsOwn = "expected a slot that it was granted or a buffer that it holds";
const std::string kNotInSlot = "expected 1 to 4096 bytes from 4096 on";

}  // namespace

TEST_CASE("publishing a buffer that does not exist ends its producer, and no other") {
  run_liars({{"publish-no-such-pool", "which is no open pool"},
             {"publish-slot-beyond", "expected a slot below 3"},
             {"publish-farthest-slot", "slot 4294967295, generation 1, expected a slot below 3"},
             {"publish-next-generation", "generation 2, expected generation 1"},
             {"publish-no-generation", "generation 0, expected generation 1"},
             {"publish-other-memory", "as memory of kind 1, expected 0"},
             {"publish-no-bytes", kNotInSlot},
             {"publish-byte-too-long", "4097 bytes from 4096 on, " + kNotInSlot},
             {"publish-endless", kNotInSlot},
             {"publish-byte-too-early", "4096 bytes from 4095 on, " + kNotInSlot},
             {"publish-byte-too-late", "4096 bytes from 4097 on, " + kNotInSlot},
             {"publish-offset-of-another", "4096 bytes from 0 on, " + kNotInSlot},
             {"publish-offset-beyond", "1 bytes from 8192 on, " + kNotInSlot},
             {"publish-offset-overflows", kNotInSlot},
             {"publish-length-overflows", kNotInSlot}},
            Light::off);
}

TEST_CASE("publishing a slot that is not one's own now ends the producer, and no other") {
  run_liars({{"publish-before-mapping", kNotItsOwn},
             {"publish-again", kNotItsOwn},
             {"publish-twice-in-an-event", "slot 0 twice in one event, expected each slot once"},
             {"publish-from-another-port", "from port 3, expected port 1, whose pool it is"},
             {"publish-after-giving-back", kNotItsOwn},
             {"publish-after-closing", "which is no open pool"}},
            Light::off);
}

TEST_CASE("a million slots may be published, and the one after them is checked as the first") {
  run_liars({{"publish-a-million", "expected generation"},
             {"publish-a-million-forgeries", "generation 2, expected generation 1"}},
            Light::off);
}

TEST_CASE("a producer killed with slots in hand or within a frame leaves nothing behind") {
  run_liars({{"killed-before-publishing", "killed by SIGKILL"},
             {"killed-in-a-frame", "killed by SIGKILL"}},
            Light::off);
}

TEST_CASE("what a killed producer has published lasts as long as somebody holds it") {
  PictureRun run(
      liar("killed-after-publishing") + liar("outlive"),
      "  - {name: last-words, from: killed-after-publishing/screen, to: outlive/view}\n");
  run.wait_ends({{"killed-after-publishing", "killed by SIGKILL"}, {"outlive", ""}});
  for (const char* liar : {"killed-after-publishing", "outlive"}) run.wait_no_memory_of(liar);
  run.check_rest();
}
