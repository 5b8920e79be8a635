#include "tests/hostile/kernel_run.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm::test;

TEST_CASE("frames that come in pieces of any size give the same events") {
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  std::string devices;
  std::string pipelines;
  for (const std::string way : {"whole", "byte-by-byte", "random-pieces"}) {
    devices += liar(way, "    env: {LIAR_SEED: \"" + std::to_string(seed) + "\"}\n");
    devices +=
        "  to-" + way + ":\n    type: dummy-keyboard-sink\n    config: {file: " + way + ".jsonl}\n";
    pipelines += "  - {name: " + way + ", from: " + way + "/keys, to: to-" + way + "}\n";
  }
  KernelRun run(devices, pipelines, 2000);
  for (const std::string way : {"whole", "byte-by-byte", "random-pieces"}) {
    run.wait_state(way, "finished");
    run.wait_until(way + " has arrived",
                   [&] { return events_of(run.file(way + ".jsonl")).size() >= 200; });
  }
  INFO(run.log());
  const std::string whole = read_file(run.file("whole.jsonl"));
  CHECK(events_of(run.file("whole.jsonl")).size() == 200);
  CHECK(read_file(run.file("byte-by-byte.jsonl")) == whole);
  CHECK(read_file(run.file("random-pieces.jsonl")) == whole);
  run.check_bystander();
  run.check_clean_stop();
}
