#include "tests/hostile/kernel_run.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm::test;

TEST_CASE("a log is cut where it is too long and kept readable, and says so") {
  KernelRun run(liar("long-line") + liar("log-binary"), "", 1000);
  run.wait_failed("long-line", "exit status 3");
  const Json last_words = run.deaths("long-line")[0]["log"];
  REQUIRE(last_words.size() == 1);
  CHECK(last_words[0].get<std::string>().size() == 8 * 1024);
  CHECK(run.log().find("65536 bytes cut]") != std::string::npos);
  run.wait_failed("log-binary", "exit status 3");
  CHECK(run.log().find('\x1b') == std::string::npos);
  CHECK(run.log().find('\0') == std::string::npos);
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("a flood of log lines is read later and harms nobody") {
  KernelRun run(liar("log-flood"), "", 3000);
  run.wait_until("its log is read later",
                 [&] { return run.device("log-flood").value("log_delays", 0) > 0; });
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("a flood of events into slow and deaf sinks harms nobody else") {
  const std::string patient = "    health: {interval: 10s, misses: 10}\n";
  KernelRun run(
      liar("event-flood", patient) + liar("slow-sink", patient) + liar("deaf-sink", patient),
      "  - {name: flood, from: event-flood/keys, to: [slow-sink/in, deaf-sink/in]}\n", 4000);
  run.wait_until("the queues overflow", [&] {
    const Json flood = run.pipeline("flood");
    return flood.is_object() && flood["edges"].size() == 2 && flood["edges"][0]["gaps"] > 0 &&
           flood["edges"][1]["gaps"] > 0;
  });
  run.check_bystander();
  run.check_clean_stop();
  CHECK(run.log().size() < 1024 * 1024);
}

TEST_CASE("a device that takes all numbers of topics leaves some to the others") {
  KernelRun run(liar("all-topics"), "", 500);
  run.wait_failed("all-topics", "it brings more than 128 topics of its own");
  run.check_bystander();
  run.check_clean_stop();
}
