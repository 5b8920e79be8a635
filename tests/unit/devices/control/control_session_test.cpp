#include "devices/control/control_session.hpp"
#include "devices/control/limits.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <vector>

using namespace dkvm;

namespace {

// A kernel that keeps every call until the test answers it.
struct Calls {
  std::vector<ControlRequest> requests;
  std::map<std::uint64_t, std::function<void(const Answer&)>> waiting;
  std::vector<std::uint64_t> cancelled;
  std::uint64_t last = 100;

  CallPort port() {
    return {[this](ControlRequest request, std::function<void(const Answer&)> on_answer) {
              requests.push_back(std::move(request));
              waiting[++last] = std::move(on_answer);
              return Result<std::uint64_t>(last);
            },
            [this](std::uint64_t number) {
              waiting.erase(number);
              cancelled.push_back(number);
            }};
  }
  void answer(std::uint64_t number, const Answer& answer) {
    const auto on_answer = waiting.extract(number);
    REQUIRE_FALSE(on_answer.empty());
    on_answer.mapped()(answer);
  }
};

std::string request(int id, const std::string& method = "devices.list") {
  return "{\"id\":" + std::to_string(id) + ",\"target\":\"kernel\",\"method\":\"" + method +
         "\"}\n";
}

std::string take_output(ControlSession& session) {
  std::string output(session.output());
  session.sent(output.size());
  return output;
}

}  // namespace

TEST_CASE("a request that comes byte by byte is one call") {
  Calls kernel;
  ControlSession session(kernel.port());
  for (const char c : request(1)) {
    REQUIRE(kernel.requests.empty());
    REQUIRE(session.receive({&c, 1}));
  }
  REQUIRE(kernel.requests.size() == 1);
  CHECK(kernel.requests[0].method == "devices.list");
  kernel.answer(101, std::string("{\"devices\":[]}"));
  CHECK(session.output() == "{\"id\":1,\"result\":{\"devices\":[]}}\n");
}

TEST_CASE("calls in one piece are all made, and answered in any order") {
  Calls kernel;
  ControlSession session(kernel.port());
  REQUIRE(session.receive(request(1, "a") + "\r\n" + request(2, "b") + request(3, "c")));
  REQUIRE(kernel.requests.size() == 3);
  kernel.answer(103, std::string("3"));
  kernel.answer(101, std::string("1"));
  CHECK(take_output(session) == "{\"id\":3,\"result\":3}\n{\"id\":1,\"result\":1}\n");
  CHECK(session.calls_waiting() == 1);
}

TEST_CASE("a line that is no request is answered and the next one is taken") {
  Calls kernel;
  ControlSession session(kernel.port());
  REQUIRE(session.receive("}{\n" + request(5)));
  CHECK(session.output().find("{\"id\":null,\"error\":{\"code\":\"invalid\"") == 0);
  CHECK(kernel.requests.size() == 1);
}

TEST_CASE("an id that still waits is refused and its first call goes on") {
  Calls kernel;
  ControlSession session(kernel.port());
  REQUIRE(session.receive(request(5) + request(5)));
  CHECK(kernel.requests.size() == 1);
  CHECK(take_output(session).find("id 5 still waits") != std::string::npos);
  kernel.answer(101, std::string("1"));
  REQUIRE(session.receive(request(5)));
  CHECK(kernel.requests.size() == 2);
}

TEST_CASE("one call too many is overloaded until another is answered") {
  Calls kernel;
  ControlSession session(kernel.port());
  for (int id = 0; id < static_cast<int>(kClientCallsMax); ++id)
    REQUIRE(session.receive(request(id)));
  CHECK(session.output().empty());
  REQUIRE(session.receive(request(99)));
  CHECK(take_output(session).find("{\"id\":99,\"error\":{\"code\":\"overloaded\"") == 0);
  kernel.answer(101, std::string("1"));
  take_output(session);
  REQUIRE(session.receive(request(99)));
  CHECK(session.output().empty());
}

TEST_CASE("the longest line is taken, one byte more ends the session with a reason") {
  Calls kernel;
  ControlSession session(kernel.port());
  std::string longest = request(1);
  longest.pop_back();
  longest.append(kControlLineBytesMax - longest.size(), ' ');
  REQUIRE(session.receive(longest + "\n"));
  CHECK(kernel.requests.size() == 1);
  const auto received = session.receive(longest + " ");
  REQUIRE_FALSE(received);
  CHECK(received.error().code() == Errc::invalid);
  CHECK(session.output().find("a line is at most 65536 bytes") != std::string::npos);
}

TEST_CASE("a session that ends cancels what it waits for and nothing else") {
  Calls kernel;
  auto session = std::make_unique<ControlSession>(kernel.port());
  REQUIRE(session->receive(request(1) + request(2)));
  kernel.answer(101, std::string("1"));
  session.reset();
  CHECK(kernel.cancelled == std::vector<std::uint64_t>{102});
}

TEST_CASE("a call that cannot be made is answered with the reason") {
  ControlSession session({[](ControlRequest, std::function<void(const Answer&)>) {
                            return Result<std::uint64_t>(fail(Errc::overloaded, "too many"));
                          },
                          [](std::uint64_t) {}});
  REQUIRE(session.receive(request(4)));
  CHECK(session.output() ==
        "{\"id\":4,\"error\":{\"code\":\"overloaded\",\"message\":\"too many\"}}\n");
  CHECK(session.calls_waiting() == 0);
}

TEST_CASE("answers that nobody reads end the session at the limit, not beyond") {
  Calls kernel;
  ControlSession session(kernel.port());
  std::string lines;
  for (int i = 0; i < 4000; ++i) lines += "{}\n";
  Result<> received;
  for (int i = 0; i < 100 && received; ++i) received = session.receive(lines);
  REQUIRE_FALSE(received);
  CHECK(received.error().code() == Errc::overloaded);
  CHECK(session.overflowed());
  CHECK(session.output().size() <= kClientOutputBytesMax);
}

TEST_CASE("all the answers that a client may ask for at once fit its queue") {
  Calls kernel;
  ControlSession session(kernel.port());
  const std::string large = "\"" + std::string(kCallBodyBytesMax - 2, 'x') + "\"";
  for (int id = 0; id < static_cast<int>(kClientCallsMax); ++id)
    REQUIRE(session.receive(request(id)));
  for (std::uint64_t number = 101; number < 101 + kClientCallsMax; ++number)
    kernel.answer(number, large);
  CHECK_FALSE(session.overflowed());
}
