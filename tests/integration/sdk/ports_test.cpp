#include "tests/support/fake_kernel.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a source port opened at run time is announced, sends, hears and closes") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.request("open");
  const auto opened = kernel.wait(wire::FrameKind::port_open).as<wire::PortOpenT>();
  REQUIRE(opened.port);
  CHECK(opened.port->id == 40);
  CHECK(opened.port->name == "late");
  CHECK(opened.port->direction == wire::Direction::source);
  CHECK(kernel.wait(wire::FrameKind::event).header.port() == 40);
  kernel.upstream(40, Refresh{});
  CHECK(kernel.call("open").code == wire::Code::invalid);  // the id is in use
  CHECK_THAT(kernel.drain_log(), Catch::Contains("refresh for late"));
  kernel.request("close");
  CHECK(kernel.wait(wire::FrameKind::port_close).header.port() == 40);
  kernel.request("open");
  CHECK(kernel.wait(wire::FrameKind::port_open).header.port() == 40);
}

TEST_CASE("a sink port opened at run time takes events and reports them as applied") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.call("open sink");
  kernel.event(41, key(77, true));
  CHECK(kernel.wait_event<Key>().code == 77);
  kernel.wait_applied(41);
}

TEST_CASE("a source knows when it is paused and is told when it may go on") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  CHECK(kernel.call("paused").body == "no");
  kernel.send({.kind = wire::FrameKind::pause, .port = 2});
  CHECK(kernel.call("paused").body == "yes");
  CHECK_THAT(kernel.drain_log(), !Catch::Contains("resumed"));
  kernel.send({.kind = wire::FrameKind::resume, .port = 2});
  CHECK(kernel.call("paused").body == "no");
  CHECK_THAT(kernel.drain_log(), Catch::Contains("resumed"));
}

TEST_CASE("a sink asks the kernel to hold back its port and to go on") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.request("hold back", "yes");
  CHECK(kernel.wait(wire::FrameKind::pause).header.port() == 1);
  kernel.request("hold back", "no");
  CHECK(kernel.wait(wire::FrameKind::resume).header.port() == 1);
}

TEST_CASE("a topic of one's own that comes with a port at run time gets its number later") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.call("open sink");
  wire::TopicsT topics;
  topics.topics.push_back(std::make_unique<wire::TopicNameT>());
  topics.topics[0]->id = 1040;
  topics.topics[0]->name = "acme/late";
  kernel.send_table({.kind = wire::FrameKind::topics}, topics);
  Custom custom;
  custom.data = {1, 2, 3};
  kernel.send_table(kernel.next_event(41, 1040), custom);
  kernel.wait_applied(41);
  CHECK_THAT(kernel.drain_log(), Catch::Contains("late: 3 bytes"));
}

TEST_CASE("a topic of one's own that has a number already is heard at a port opened at run time") {
  FakeKernel kernel({DKVM_PROBE});
  auto welcome = FakeKernel::default_welcome();
  welcome.topics.push_back(std::make_unique<wire::TopicNameT>());
  welcome.topics[0]->id = 1040;
  welcome.topics[0]->name = "acme/late";
  kernel.greet(welcome);
  kernel.call("open sink");
  Custom custom;
  custom.data = {1, 2};
  kernel.send_table(kernel.next_event(41, 1040), custom);
  kernel.wait_applied(41);
  CHECK_THAT(kernel.drain_log(), Catch::Contains("late: 2 bytes"));
}

TEST_CASE("a port that is not open cannot be closed") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  const auto answer = kernel.call("close");
  CHECK(answer.code == wire::Code::not_found);
  CHECK(answer.message == "closing port 40: no such port is open");
}
