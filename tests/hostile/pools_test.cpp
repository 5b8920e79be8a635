#include "tests/hostile/picture_run.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm::test;

TEST_CASE("pools that cannot be had are refused, and nobody ends") {
  run_liars({{"absurd-requests", ""}, {"seventeen-pools", ""}, {"a-thousand-pools", ""}},
            Light::off);
  run_liars({{"more-than-its-share", ""}}, Light::off, "    limits: {buffers: 1MiB}\n");
}

TEST_CASE("a producer that seals its pool so that consumers cannot trust it ends alone") {
  run_liars({{"seal-write", "it has sealed the memory itself"},
             {"seal-seal", "it has sealed the memory itself"},
             {"seal-all", "it has sealed the memory itself"},
             {"seal-future-write", ""},
             {"seal-size", ""},
             {"truncate-first", ""}},
            Light::off);
}

TEST_CASE("answers about pools that nobody asked for end their producer, and no other") {
  const std::string not_to_map = "expected one that it was given to map, once";
  const std::string not_to_close = "expected one that it was asked to close, once";
  run_liars({{"map-twice", not_to_map},
             {"map-no-pool", not_to_map},
             {"close-open-pool", not_to_close},
             {"close-unmapped-pool", not_to_close},
             {"close-twice", not_to_close}},
            Light::off);
}

TEST_CASE("descriptors that a device does not take do not heap up in the kernel") {
  PictureRun run(liar("open-and-never-read"), lit("open-and-never-read"));
  run.wait_failed("open-and-never-read", "descriptors unread");
  run.wait_no_memory_of("open-and-never-read");
  run.check_rest();
}

TEST_CASE("a producer that does not answer for its pools is ended in time, and nobody waits") {
  PictureRun run(liar("never-map") + liar("never-close"), "", 11'000);
  run.wait_failed("never-close", "it has not answered pool_close of pool");
  run.wait_no_memory_of("never-close");
  run.wait_failed("never-map", "within 10 s (pool_mapped)");
  run.wait_no_memory_of("never-map");
  run.check_rest();
}
