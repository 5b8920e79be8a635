#pragma once

#include "tests/support/fake_kernel.hpp"

#include <string>
#include <utility>

namespace dkvm::test {

// A device's call of the kernel.
struct Called {
  std::uint64_t id = 0;
  std::string method;
  std::string body;
};

inline Called called(const Received& request) {
  auto said = request.as<wire::RequestT>();
  return {request.header.sequence(), std::move(said.method), std::move(said.body)};
}

// The next call of that method; others are answered as fine, other frames are dropped.
inline Called wait_call(FakeKernel& kernel, const std::string& method) {
  for (;;) {
    Called call = called(kernel.wait(wire::FrameKind::request));
    if (call.method == method) return call;
    kernel.respond(call.id, wire::Code::ok, "{}");
  }
}

// The next words about what is wrong with the device; "" when it is well again.
inline std::string wait_trouble(FakeKernel& kernel) {
  const Called call = wait_call(kernel, "devices.trouble");
  kernel.respond(call.id, wire::Code::ok, "{}");
  const std::string begin = "{\"reason\":\"";
  REQUIRE(call.body.starts_with(begin));
  return call.body.substr(begin.size(), call.body.size() - begin.size() - 2);
}

}  // namespace dkvm::test
