#include "tests/support/fake_kernel.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a device answers every call exactly once") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  CHECK(kernel.call("echo", "[1]").body == "tester[1]");
  const auto unknown = kernel.call("nonsense");
  CHECK(unknown.code == wire::Code::not_found);
  CHECK(unknown.message == "no method 'nonsense' here");
  const auto dropped = kernel.call("drop");
  CHECK(dropped.code == wire::Code::internal);
  CHECK(dropped.message == "the call was dropped");
  const auto huge = kernel.call("huge");
  CHECK(huge.code == wire::Code::exhausted);
  CHECK_THAT(huge.message, Catch::Contains("ask for a page"));
}

TEST_CASE("a call that its caller cancels tells the device, and is still answered") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  const auto id = kernel.request("wait");
  kernel.send({.kind = wire::FrameKind::cancel, .sequence = id});
  const auto answer = kernel.wait(wire::FrameKind::response);
  CHECK(answer.header.sequence() == id);
  CHECK(answer.as<wire::ResponseT>().message == "cancelled as you wished");
}

TEST_CASE("a device calls the kernel and gets its answer, good or bad") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  for (const auto code : {wire::Code::ok, wire::Code::denied}) {
    const auto id = kernel.request("ask", "{\"x\":1}");
    const auto asked = kernel.wait(wire::FrameKind::request);
    const auto request = asked.as<wire::RequestT>();
    CHECK(request.target == "kernel");
    CHECK(request.method == "kernel.info");
    CHECK(request.body == "{\"x\":1}");
    CHECK(request.deadline_ms == 50);
    kernel.respond(asked.header.sequence(), code, "so it is");
    const auto answer = kernel.wait(wire::FrameKind::response);
    CHECK(answer.header.sequence() == id);
    CHECK(answer.as<wire::ResponseT>().code == code);
    CHECK(answer.as<wire::ResponseT>().body + answer.as<wire::ResponseT>().message == "so it is");
  }
}

TEST_CASE(
    "a call without an answer ends by its deadline and is cancelled; a late answer is dropped") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.request("ask");
  const auto asked = kernel.wait(wire::FrameKind::request);
  CHECK(kernel.wait(wire::FrameKind::cancel).header.sequence() == asked.header.sequence());
  CHECK(kernel.wait(wire::FrameKind::response).as<wire::ResponseT>().code == wire::Code::timeout);
  kernel.respond(asked.header.sequence(), wire::Code::ok, "too late");
  CHECK(kernel.call("echo").code == wire::Code::ok);
}

TEST_CASE("a call that the device cancels is not answered to it") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.request("ask and cancel");
  const auto asked = kernel.wait(wire::FrameKind::request);
  CHECK(kernel.wait(wire::FrameKind::cancel).header.sequence() == asked.header.sequence());
  kernel.respond(asked.header.sequence(), wire::Code::ok, "too late");
  CHECK(kernel.call("echo").code == wire::Code::ok);
  CHECK_THAT(kernel.drain_log(), !Catch::Contains("answered all the same"));
}

TEST_CASE("calls that wait when the device ends are answered with disconnected") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.request("ask and wait");
  kernel.wait(wire::FrameKind::request);
  kernel.close();
  CHECK(kernel.wait_exit() == 0);
  CHECK_THAT(kernel.drain_log(), Catch::Contains("answer: the device ends"));
}

TEST_CASE("a device has at most 256 calls outstanding") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  CHECK(kernel.call("flood").body ==
        "256 calling kernel.info: 256 calls wait for their answer already");
}

TEST_CASE("a device that leaves 1024 calls unanswered is asked no more") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  for (int i = 0; i < 1024; ++i) kernel.request("keep");
  const auto answer = kernel.call("keep");
  CHECK(answer.code == wire::Code::overloaded);
  CHECK(answer.message == "1024 calls wait for this device already");
}

TEST_CASE("a device that subscribes hears of every change of a device's state") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.request("subscribe");
  const auto asked = kernel.wait(wire::FrameKind::request);
  CHECK(asked.as<wire::RequestT>().method == "devices.subscribe");
  kernel.respond(asked.header.sequence(), wire::Code::ok, "{}");
  CHECK(kernel.wait(wire::FrameKind::response).as<wire::ResponseT>().code == wire::Code::ok);
  DeviceState state;
  state.device = "mouse";
  state.state = "backoff";
  kernel.event(kKernelPort, state);
  CHECK(kernel.wait_event<DeviceState>().state == "backoff");
}
