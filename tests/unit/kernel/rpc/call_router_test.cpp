#include "kernel/rpc/call_router.hpp"

#include "tests/support/seed.hpp"

#include <dkvm/payload.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace dkvm;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

struct Sent {
  DeviceId device = 0;
  std::uint64_t id = 0;
  wire::Code code = wire::Code::ok;
  std::string text;
};

// Devices 1.. are named d1, d2 …; the kernel's services answer when told to.
class Wires final : public CallTransport {
 public:
  std::set<DeviceId> running{1, 2, 3};
  std::vector<Sent> requests;
  std::vector<Sent> responses;
  std::vector<Sent> cancels;
  std::vector<std::uint64_t> served;
  std::vector<std::string> callers;                  // of those served
  std::set<std::pair<DeviceId, std::string>> peers;  // of links
  std::vector<std::string_view> names{"d1", "d2", "d3", "d4"};
  std::vector<std::string_view> methods{"devices.get", "devices.list", "kernel.stop", "log.read",
                                        "m"};

  void send_request(DeviceId callee, std::uint64_t id, const wire::RequestT& request) override {
    requests.push_back(
        {callee, id, wire::Code::ok, fmt::format("{}>{}", request.caller, request.method)});
  }
  void send_response(DeviceId caller, std::uint64_t id, const wire::ResponseT& response) override {
    responses.push_back({caller, id, response.code,
                         response.code == wire::Code::ok ? response.body : response.message});
  }
  void send_cancel(DeviceId callee, std::uint64_t id) override {
    cancels.push_back({callee, id, {}, {}});
  }
  std::optional<DeviceId> running_device(std::string_view name) const override {
    for (const DeviceId device : running)
      if (name_of(device) == name) return device;
    return std::nullopt;
  }
  bool has_device(std::string_view name) const override {
    return std::ranges::find(names, name) != names.end();
  }
  std::vector<std::string_view> device_names() const override { return names; }
  std::span<const std::string_view> kernel_methods() const override { return methods; }
  std::string name_of(DeviceId device) const override { return fmt::format("d{}", device); }
  std::optional<DeviceId> link_to(std::string_view peer) const override {
    for (const auto& [device, its] : peers)
      if (its == peer) return device;
    return std::nullopt;
  }
  bool links_to(DeviceId device, std::string_view peer) const override {
    return peers.contains({device, std::string(peer)});
  }
  void serve(std::uint64_t token, const ServiceCall& call) override {
    served.push_back(token);
    callers.push_back(call.caller);
  }
};

struct Fixture {
  Wires wires;
  Grants grants;
  CallRouter calls{wires, grants};
  PayloadWriter writer;

  Fixture() {
    grants.set("d1", {{"d2", {"*"}}, {"kernel", {"devices.*", "log.read"}}});
    grants.set("d2", {{"d1", {"ping"}}});
  }

  Result<> request(DeviceId from, std::uint64_t id, std::string target, std::string method,
                   std::uint32_t deadline_ms = 100, std::uint64_t now = 0) {
    wire::RequestT request;
    request.target = std::move(target);
    request.method = std::move(method);
    request.deadline_ms = deadline_ms;
    request.caller = "root";  // a lie: the kernel writes who it really is
    return send(from, wire::FrameKind::request, id, writer.write(request), now);
  }

  // A link calls for somebody.
  Result<> request_as(DeviceId from, std::uint64_t id, std::string caller, std::string target,
                      std::string method) {
    wire::RequestT request;
    request.target = std::move(target);
    request.method = std::move(method);
    request.caller = std::move(caller);
    return send(from, wire::FrameKind::request, id, writer.write(request), 0);
  }

  Result<> respond(DeviceId from, std::uint64_t id, std::string body) {
    wire::ResponseT response;
    response.body = std::move(body);
    return send(from, wire::FrameKind::response, id, writer.write(response), 0);
  }

  Result<> send(DeviceId from, wire::FrameKind kind, std::uint64_t id, Bytes payload,
                std::uint64_t now) {
    Frame frame{make_header(kind), {}, {}, payload};
    frame.header.mutate_sequence(id);
    return calls.on_frame(from, frame, now);
  }
};

}  // namespace

TEST_CASE("a call to a device carries its true caller and brings back one answer") {
  Fixture f;
  REQUIRE(f.request(1, 77, "d2", "hello"));
  REQUIRE(f.wires.requests.size() == 1);
  CHECK(f.wires.requests[0].device == 2);
  CHECK(f.wires.requests[0].text == "d1>hello");
  REQUIRE(f.respond(2, f.wires.requests[0].id, "fine"));
  REQUIRE(f.respond(2, f.wires.requests[0].id, "again"));
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].device == 1);
  CHECK(f.wires.responses[0].id == 77);
  CHECK(f.wires.responses[0].text == "fine");
  CHECK(f.calls.outstanding() == 0);
}

TEST_CASE("a call without a grant is denied and reaches nobody") {
  Fixture f;
  REQUIRE(f.request(2, 1, "d1", "format-disk"));
  REQUIRE(f.request(3, 1, "kernel", "devices.list"));
  REQUIRE(f.request(1, 1, "kernel", "kernel.stop"));
  CHECK(f.wires.requests.empty());
  CHECK(f.wires.served.empty());
  REQUIRE(f.wires.responses.size() == 3);
  for (const Sent& response : f.wires.responses) CHECK(response.code == wire::Code::denied);
}

TEST_CASE("what acts on the caller's own needs no grant, at the kernel only") {
  Fixture f;
  f.wires.methods.push_back("memory.pool");
  for (const DeviceId device : f.wires.running)
    REQUIRE(f.request(device, 1, "kernel", "memory.pool"));
  CHECK(f.wires.served.size() == 3);
  CHECK(f.wires.responses.empty());
  REQUIRE(f.request(3, 2, "kernel", "memory.stats"));
  REQUIRE(f.request(3, 3, "d1", "memory.pool"));
  REQUIRE(f.wires.responses.size() == 2);
  for (const Sent& response : f.wires.responses) CHECK(response.code == wire::Code::denied);
}

TEST_CASE("what does not exist is not found, and the nearest name is told") {
  Fixture f;
  REQUIRE(f.request(1, 1, "kernel", "devices.lst"));
  REQUIRE(f.request(1, 2, "kernle", "devices.list"));
  REQUIRE(f.request(1, 3, "d22", "hello"));
  for (const Sent& response : f.wires.responses) CHECK(response.code == wire::Code::not_found);
  CHECK(f.wires.responses[0].text ==
        "the kernel has no method 'devices.lst' (did you mean 'devices.list'?)");
  CHECK(f.wires.responses[1].text == "there is no device 'kernle' (did you mean 'kernel'?)");
  CHECK(f.wires.responses[2].text == "there is no device 'd22' (did you mean 'd2'?)");
}

TEST_CASE("who has no grant at all is not told what there is") {
  Fixture f;
  REQUIRE(f.request(3, 1, "kernel", "devices.lst"));
  REQUIRE(f.request(3, 2, "nobody", "hello"));
  for (const Sent& response : f.wires.responses) CHECK(response.code == wire::Code::denied);
  CHECK(f.wires.responses[1].text == "'d3' has no grant for 'hello' at 'nobody'");
}

TEST_CASE("grants match a method, a service or everything") {
  CHECK(Grants::matches("*", "devices.list"));
  CHECK(Grants::matches("devices.*", "devices.list"));
  CHECK(Grants::matches("devices.list", "devices.list"));
  CHECK_FALSE(Grants::matches("devices.*", "devicesx.list"));
  CHECK_FALSE(Grants::matches("devices.*", "devices"));
  CHECK_FALSE(Grants::matches("devices.list", "devices.lists"));
}

TEST_CASE("a device that does not run cannot be called") {
  Fixture f;
  f.wires.running.erase(2);
  REQUIRE(f.request(1, 1, "d2", "hello"));
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::not_found);
}

TEST_CASE("a late callee is cancelled and its caller told") {
  Fixture f;
  REQUIRE(f.request(1, 5, "d2", "slow", 100, 0));
  CHECK(f.calls.deadline() == 100 * kMs);
  f.calls.tick(99 * kMs);
  CHECK(f.wires.responses.empty());
  f.calls.tick(100 * kMs);
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::timeout);
  CHECK(f.wires.cancels.size() == 1);
  REQUIRE(f.respond(2, f.wires.requests[0].id, "too late"));
  CHECK(f.wires.responses.size() == 1);
  CHECK(f.calls.deadline() == CallRouter::kNever);
}

TEST_CASE("when the callee dies its callers are told at once") {
  Fixture f;
  REQUIRE(f.request(1, 5, "d2", "slow"));
  f.calls.device_gone(2);
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::disconnected);
}

TEST_CASE("when the caller dies its calls are cancelled and nobody is answered") {
  Fixture f;
  REQUIRE(f.request(1, 5, "d2", "slow"));
  REQUIRE(f.request(1, 6, "kernel", "devices.list"));
  f.calls.device_gone(1);
  CHECK(f.wires.cancels.size() == 1);
  CHECK(f.wires.responses.empty());
  f.calls.answer(f.wires.served[0], std::string("{}"));
  CHECK(f.wires.responses.empty());
  CHECK(f.calls.outstanding() == 0);
}

TEST_CASE("a cancelled call of the kernel is answered once, as cancelled") {
  Fixture f;
  REQUIRE(f.request(1, 6, "kernel", "log.read"));
  REQUIRE(f.send(1, wire::FrameKind::cancel, 6, {}, 0));
  f.calls.answer(f.wires.served[0], std::string("{}"));
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::timeout);
}

TEST_CASE("an answer from a device that was not asked goes nowhere") {
  Fixture f;
  REQUIRE(f.request(1, 5, "d2", "secret"));
  REQUIRE(f.respond(3, f.wires.requests[0].id, "forged"));
  CHECK(f.wires.responses.empty());
}

TEST_CASE("one call too many is refused, and the others live") {
  Fixture f;
  for (std::uint64_t id = 1; id <= kCallsOutstandingMax; ++id) REQUIRE(f.request(1, id, "d2", "x"));
  CHECK(f.wires.responses.empty());
  REQUIRE(f.request(1, 1000, "d2", "x"));
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::overloaded);
  CHECK(f.calls.outstanding() == kCallsOutstandingMax);
}

TEST_CASE("an id in use and a payload that is none end the caller") {
  Fixture f;
  REQUIRE(f.request(1, 5, "d2", "x"));
  CHECK_FALSE(f.request(1, 5, "d2", "x"));
  const std::vector<std::byte> junk(24, std::byte{0xFF});
  CHECK_FALSE(f.send(1, wire::FrameKind::request, 6, junk, 0));
  CHECK_FALSE(f.send(2, wire::FrameKind::response, 1, junk, 0));
}

TEST_CASE("whatever happens, each call of a living device has exactly one answer") {
  const auto seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  std::mt19937 random(seed);
  Fixture f;
  for (const char* device : {"d1", "d2", "d3"}) f.grants.set(device, {{"*", {"*"}}});
  std::map<std::pair<DeviceId, std::uint64_t>, int> answers;  // of calls by living callers
  std::uint64_t now = 0;
  std::uint64_t next_id = 0;
  const auto collect = [&] {
    for (const Sent& response : f.wires.responses) ++answers[{response.device, response.id}];
    f.wires.responses.clear();
  };
  for (int step = 0; step < 20'000; ++step) {
    now += random() % (3 * kMs);
    const auto device = static_cast<DeviceId>(1 + random() % 3);
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        if (f.calls.outstanding() > 200) break;
        answers[{device, ++next_id}] = 0;
        REQUIRE(f.request(device, next_id,
                          random() % 2 ? "kernel" : fmt::format("d{}", 1 + random() % 3), "m",
                          1 + static_cast<std::uint32_t>(random() % 200), now));
        break;
      case 3:
        if (!f.wires.requests.empty()) {
          const Sent& asked = f.wires.requests[random() % f.wires.requests.size()];
          REQUIRE(f.respond(asked.device, asked.id, "ok"));
        }
        break;
      case 4:
        if (!f.wires.served.empty())
          f.calls.answer(f.wires.served[random() % f.wires.served.size()], std::string("ok"));
        break;
      case 5: f.calls.tick(now); break;
      case 6:
        if (next_id != 0)
          REQUIRE(f.send(device, wire::FrameKind::cancel, 1 + random() % next_id, {}, now));
        break;
      case 7:
        if (random() % 50 == 0) {
          collect();
          f.calls.device_gone(device);
          std::erase_if(answers, [&](const auto& entry) { return entry.first.first == device; });
          std::erase_if(f.wires.responses, [&](const Sent& sent) { return sent.device == device; });
        }
        break;
    }
    collect();
  }
  f.calls.tick(now + 120'000 * kMs);
  collect();
  CHECK(f.calls.outstanding() == 0);
  for (const auto& [call, count] : answers) {
    CAPTURE(call.first, call.second);
    REQUIRE(count == 1);
  }
}

TEST_CASE("a link calls for devices of its peers, under grants of their own") {
  Fixture f;
  f.wires.peers = {{3, "laptop"}};
  f.grants.set_far({{"link/laptop:panel", {{"d2", {"beep"}}}},
                    {"link/laptop:*", {{"kernel", {"devices.list"}}}},
                    {"link/tower:*", {{"kernel", {"*"}}}}});
  REQUIRE(f.request_as(3, 1, "link/laptop:panel", "d2", "beep"));
  REQUIRE(f.wires.requests.size() == 1);
  CHECK(f.wires.requests[0].text == "link/laptop:panel>beep");
  REQUIRE(f.request_as(3, 2, "link/laptop:panel", "kernel", "devices.list"));
  REQUIRE(f.request_as(3, 3, "link/laptop:other", "kernel", "devices.list"));
  CHECK(f.wires.callers == std::vector<std::string>{"link/laptop:panel", "link/laptop:other"});
  CHECK(f.wires.responses.empty());

  REQUIRE(f.request_as(3, 4, "link/laptop:other", "d2", "beep"));
  REQUIRE(f.request_as(3, 5, "link/laptop:panel", "kernel", "kernel.stop"));
  REQUIRE(f.wires.responses.size() == 2);
  for (const Sent& response : f.wires.responses) CHECK(response.code == wire::Code::denied);

  f.grants.set_far({});
  REQUIRE(f.request_as(3, 6, "link/laptop:panel", "d2", "beep"));
  CHECK(f.wires.responses.back().code == wire::Code::denied);
}

TEST_CASE("nobody speaks for a peer whose port it does not have, nor for a device of this kernel") {
  Fixture f;
  f.wires.peers = {{3, "laptop"}};
  f.grants.set_far({{"link/tower:*", {{"kernel", {"*"}}}}, {"link/laptop:*", {{"d1", {"*"}}}}});
  for (const char* claimed : {"link/tower:panel", "link/laptop:*", "link/laptop", "link/laptop:"}) {
    INFO(claimed);
    f.wires.responses.clear();
    REQUIRE(f.request_as(3, 1, claimed, "kernel", "devices.list"));
    REQUIRE(f.wires.responses.size() == 1);
    CHECK(f.wires.responses[0].code == wire::Code::denied);
  }
  CHECK(f.wires.callers.empty());
  // As itself, whatever it says: d3 has no grant, d1 has.
  REQUIRE(f.request_as(3, 2, "d1", "kernel", "devices.list"));
  CHECK(f.wires.responses.back().code == wire::Code::denied);
  REQUIRE(f.request_as(1, 2, "d3", "kernel", "devices.list"));
  CHECK(f.wires.callers == std::vector<std::string>{"d1"});
}

TEST_CASE("what needs no grant is the device's own, not that of a caller behind it") {
  Fixture f;
  f.wires.peers = {{3, "laptop"}};
  f.wires.methods.push_back("memory.pool");
  REQUIRE(f.request(3, 1, "kernel", "memory.pool"));
  REQUIRE(f.request_as(3, 2, "link/laptop:panel", "kernel", "memory.pool"));
  CHECK(f.wires.callers == std::vector<std::string>{"d3"});
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::denied);
}

TEST_CASE("a call beyond a link goes to the device that has a port open for the peer") {
  Fixture f;
  f.grants.set("d1", {{"link/laptop:panel", {"beep"}}});
  REQUIRE(f.request(1, 1, "link/laptop:panel", "beep"));
  REQUIRE(f.wires.responses.size() == 1);
  CHECK(f.wires.responses[0].code == wire::Code::not_found);
  CHECK(f.wires.responses[0].text == "there is no link to the peer 'laptop' at present");

  f.wires.peers = {{3, "laptop"}};
  REQUIRE(f.request(1, 2, "link/laptop:panel", "beep"));
  REQUIRE(f.wires.requests.size() == 1);
  CHECK(f.wires.requests[0].device == 3);
  CHECK(f.wires.requests[0].text == "d1>beep");
  REQUIRE(f.respond(3, f.wires.requests[0].id, "beeped"));
  CHECK(f.wires.responses.back().text == "beeped");

  REQUIRE(f.request(1, 3, "link/laptop:other", "beep"));
  CHECK(f.wires.responses.back().code == wire::Code::denied);
  REQUIRE(f.request(1, 4, "link/laptop:panel", "beep"));
  f.calls.device_gone(3);
  CHECK(f.wires.responses.back().code == wire::Code::disconnected);
}
