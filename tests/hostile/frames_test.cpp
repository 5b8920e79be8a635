#include "tests/hostile/kernel_run.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace dkvm::test;

namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;

void expect(const Expected& lies) {
  std::string devices;
  for (const auto& [lie, reason] : lies)
    devices += liar(lie, "    grants: [{target: " + lie + ", methods: ['*']}]\n");
  KernelRun run(devices, "", 3000);
  for (const auto& [lie, reason] : lies) {
    if (reason.empty())
      run.wait_state(lie, "finished");
    else
      run.wait_failed(lie, reason);
  }
  run.check_bystander();
  run.check_clean_stop();
}

}  // namespace

TEST_CASE("bytes that are no frames end the device that sent them, and no other") {
  expect({{"garbage", "does not begin with the magic"},
          {"text", "does not begin with the magic"},
          {"wrong-magic", "does not begin with the magic"},
          {"other-layout", "unknown layout version"},
          {"four-gigabytes", "more than 65536 payload bytes"},
          {"seventeen-buffers", "more than 16 buffers"},
          {"nine-hops", "more than 8 hop stamps"},
          {"no-kind", "unknown kind"},
          {"unknown-kind", "unknown kind"},
          {"padding", "padding is not zero"},
          {"half-a-frame-and-exit", "in the middle of a frame"},
          {"half-a-frame-and-close", "in the middle of a frame"}});
}

TEST_CASE("frames out of place end the device that sent them, and no other") {
  expect({{"event-before-hello", "a frame 'event' before its hello"},
          {"event-before-welcome", "a frame 'event' before its welcome"},
          {"sends-welcome", "a frame 'welcome' that only a kernel sends"},
          {"sends-pool-open", "a frame 'pool_open' that only a kernel sends"},
          {"sends-pool-close", "a frame 'pool_close' that only a kernel sends"},
          {"sends-slots", "a frame 'slots' that only a kernel sends"},
          {"sends-stop", "a frame 'stop' that only a kernel sends"},
          {"sends-topics", "a frame 'topics' that only a kernel sends"},
          {"pool-mapped", "no valid dkvm.wire.PoolId"},
          {"pool-closed", "no valid dkvm.wire.PoolId"},
          {"release", "a frame 'release' without a buffer"},
          {"port-open", "no runtime_ports"},
          {"port-close", "no runtime_ports"},
          {"applied-on-source", "not an open sink of its own"},
          {"applied-on-no-port", "not an open sink of its own"},
          {"pause-on-source", "not an open sink of its own"},
          {"resume-on-no-port", "not an open sink of its own"}});
}

TEST_CASE("forged payloads end the device that sent them, and no other") {
  expect({{"event-on-sink-port", "from port 2, which is not an open source of its own"},
          {"event-on-no-port", "from port 9, which is not an open source of its own"},
          {"event-on-kernel-port", "from port 65535, which is not an open source of its own"},
          {"undeclared-topic", "of the topic clipboard, which port 'keys' did not declare"},
          {"empty-payload", "no valid table of topic key"},
          {"truncated-payload", "no valid table of topic key"},
          {"absurd-vtable", "no valid table of topic key"},
          {"vtable-in-itself", "no valid table of topic key"},
          {"event-with-buffer", "it published pool 0, slot 0, generation 0, which is no open pool"},
          {"event-with-hops", "with hop stamps, which only links may"},
          {"upstream-from-source", "not an open sink of its own"},
          {"upstream-forged", "no valid table of its topic"}});
}

TEST_CASE("calls against the rules end their caller or are refused, and nobody else is harmed") {
  expect({{"answer-to-nobody", ""},
          {"forged-answer", "no valid"},
          {"forged-call", "no valid"},
          {"call-without-grant", ""},
          {"same-call-twice", "call 1 while that waits for its answer"},
          {"three-hundred-calls", ""},
          {"unread-pongs", "unread"},
          {"unread-answers", "unread"}});
}
