#include "tests/support/fake_kernel.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("hello comes before anything, and a ping is answered only when start has returned") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.send({.kind = wire::FrameKind::ping, .sequence = 9});
  const auto first = kernel.next();
  REQUIRE(first);
  REQUIRE(first->kind() == wire::FrameKind::hello);
  const auto hello = first->as<wire::HelloT>();
  CHECK(hello.protocol_min == kProtocolVersion);
  CHECK(hello.protocol_max == kProtocolVersion);
  CHECK(hello.type == "probe");
  CHECK(hello.version == "1.2.3");
  CHECK(hello.cleanup);
  REQUIRE(hello.ports.size() == 2);
  CHECK(hello.ports[0]->name == "in");
  CHECK(hello.ports[0]->direction == wire::Direction::sink);
  CHECK(hello.ports[1]->id == 2);
  CHECK(hello.ports[1]->topics.size() == 14);
  kernel.send_table({.kind = wire::FrameKind::welcome}, FakeKernel::default_welcome());
  kernel.send({.kind = wire::FrameKind::ping, .sequence = 10});
  CHECK(kernel.wait(wire::FrameKind::pong).header.sequence() == 10);
  CHECK_THAT(kernel.drain_log(), Catch::Contains("<6>started as subject of test"));
}

TEST_CASE("a device starts when it is welcomed, and knows its name") {
  FakeKernel kernel({DKVM_PROBE}, {{"DKVM_CONFIG_GREETING", "moin"}});
  kernel.greet();
  CHECK(kernel.call("greeting").body == "moin");
  kernel.wait_log("<6>started as subject of test");
}

TEST_CASE("a kernel of another protocol is refused") {
  FakeKernel kernel({DKVM_PROBE});
  auto welcome = FakeKernel::default_welcome();
  welcome.protocol = kProtocolVersion + 1;
  kernel.greet(welcome);
  CHECK(kernel.wait_exit() == kExitRefused);
  CHECK_THAT(kernel.drain_log(),
             Catch::Contains("the kernel speaks protocol 2; this device speaks 1"));
}

TEST_CASE("a stream that is no protocol ends the device with the reason") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.send_bytes(std::vector<std::byte>(128, std::byte{0x55}));
  CHECK(kernel.wait_exit() == 1);
  CHECK_THAT(kernel.drain_log(), Catch::Contains("<3>a frame does not begin with the magic") &&
                                     Catch::Contains("let go"));
}

TEST_CASE("frames of kinds and topics that a device does not know pass it by") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.send({.kind = wire::FrameKind::slots, .port = 77});
  kernel.send(kernel.next_event(1, 40));
  kernel.event(99, key(1, true));
  CHECK(kernel.call("echo", "still here").body == "testerstill here");
}

TEST_CASE("frames torn into single bytes, or many in one, are the same frames") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  std::vector<std::byte> stream;
  PayloadWriter writer;
  for (std::uint16_t code = 1; code <= 50; ++code) {
    const auto frame = FakeKernel::bytes_of(kernel.next_event(1, id_of(wire::Topic::key)),
                                            writer.write(key(code, true)));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  kernel.send_bytes(stream);
  for (const std::byte& byte : stream) kernel.send_bytes({&byte, 1});
  for (int round = 0; round < 2; ++round)
    for (std::uint16_t code = 1; code <= 50; ++code) CHECK(kernel.wait_event<Key>().code == code);
}
