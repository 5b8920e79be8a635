#include "tests/hostile/kernel_run.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace dkvm::test;

namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;

void expect(const Expected& lies, std::size_t bystander_keys) {
  std::string devices;
  for (const auto& [lie, reason] : lies) devices += liar(lie);
  KernelRun run(devices, "", bystander_keys);
  for (const auto& [lie, reason] : lies) run.wait_failed(lie, reason);
  run.check_bystander();
  run.check_clean_stop();
}

}  // namespace

TEST_CASE("a device whose hello is not as in its manifest fails alone, and is told why") {
  expect({{"other-type", "hello says type 'dummy-keyboard-source', the manifest 'liar'"},
          {"other-port", "hello calls port 1 'screen' (source), the manifest 'keys' (source)"},
          {"other-direction", "hello calls port 1 'keys' (sink), the manifest 'keys' (source)"},
          {"other-topics", "hello gives port 'keys' other topics than the manifest"},
          {"other-abilities", "hello claims other abilities than the manifest"},
          {"port-live", "hello gives port 'keys' other abilities than the manifest"},
          {"one-port-more", "hello names 3 ports, the manifest 2"},
          {"one-port-less", "hello names 1 ports, the manifest 2"},
          {"newer-protocol", "it speaks protocol 2 to 3, this kernel 1"},
          {"no-protocol", "it speaks protocol 0 to 0, this kernel 1"}},
         2000);
}

TEST_CASE("a device with the most ports and topics there may be can still be looked at") {
  KernelRun run(liar("most-ports"), "", 500);
  run.wait_state("most-ports", "running");
  CHECK(run.device("most-ports")["port_count"] == 250);
  const Json details = run.details("most-ports");
  REQUIRE(details.is_object());
  REQUIRE(details["ports"].size() == 250);
  for (std::size_t i = 0; i < 250; ++i) {
    CHECK(details["ports"][i]["id"] == i + 1);
    CHECK(details["ports"][i]["topics"].size() == 64);
  }
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("a device whose hello makes no sense fails alone, and is told why") {
  expect({{"same-name", "two ports named 'keys'"},
          {"same-id", "it opens port 1 twice"},
          {"port-zero", "it opens port 0, expected an id from 1 to 65534"},
          {"kernel-port", "it opens port 65535, expected an id from 1 to 65534"},
          {"no-name", "the name of port 1 is empty"},
          {"endless-name", "longer items than the protocol allows"},
          {"no-direction", "port 'keys' has the direction 7, expected 0 (source) or 1 (sink)"},
          {"empty-topic", "port 'keys': the name of a topic has 0 bytes, expected 1 to 64"},
          {"three-hundred-ports", "more or longer items than the protocol allows"},
          {"hello-forged", "its hello: the payload is no valid dkvm.wire.Hello"},
          {"hello-twice", "a frame 'hello' twice"}},
         2000);
}

TEST_CASE("a device that never says hello fails after ten seconds, and nobody waits for it") {
  expect({{"no-hello", "no hello"}}, 11'000);
}
