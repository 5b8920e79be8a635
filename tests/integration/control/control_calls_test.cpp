#include "tests/integration/control/fake_kernel.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr int kClientsMax = 32;
constexpr int kClientCallsMax = 16;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a call reaches the kernel as it was written, and so does its answer the client") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("devices.get", R"({"name": "kbd", "cpu_s": 1.50})");
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(
      R"({"id":7,"target":"kernel","method":"devices.get","params":{ "name":"kbd" },"deadline_ms":250})"
      "\n"));
  CHECK(client.line(kernel) == R"({"id":7,"result":{"name": "kbd", "cpu_s": 1.50}})");
  REQUIRE(kernel.requests.size() == 1);
  CHECK(kernel.requests[0].target == "kernel");
  CHECK(kernel.requests[0].body == R"({ "name":"kbd" })");
  CHECK(kernel.requests[0].deadline_ms == 250);
}

TEST_CASE("a request that comes byte by byte is answered once it is whole") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("kernel.info", "{}");
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  for (const char c : request(1, "kernel.info")) {
    CHECK(kernel.requests.empty());
    REQUIRE(client.send({&c, 1}));
  }
  CHECK(client.line(kernel) == R"({"id":1,"result":{}})");
}

TEST_CASE("calls sent at once are answered as the kernel answers, in any order") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("b", "2");
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(request(1, "a") + request(2, "b") + request(3, "b")));
  CHECK(client.line(kernel) == R"({"id":2,"result":2})");
  CHECK(client.line(kernel) == R"({"id":3,"result":2})");
  kernel.answer_waiting("a", std::string("1"));
  CHECK(client.line(kernel) == R"({"id":1,"result":1})");
}

TEST_CASE("the kernel's errors pass through") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("nothing.here",
            [](const auto&) { return Answer(fail(Errc::not_found, "no method 'nothing.here'")); });
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(request(1, "nothing.here")));
  CHECK(client.line(kernel) ==
        R"({"id":1,"error":{"code":"not_found","message":"no method 'nothing.here'"}})");
}

TEST_CASE("a call that nobody answers times out") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(R"({"id":1,"target":"kernel","method":"slow","deadline_ms":20})"
                      "\n"));
  CHECK(has(client.line(kernel), R"("code":"timeout")"));
  CHECK(kernel.until([&] { return kernel.cancelled.size() == 1; }));
}

TEST_CASE("garbage is answered with an error and the client may go on") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("kernel.info", "{}");
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send("GET / HTTP/1.1\r\n\r\n{\"id\":4}\n" + request(5, "kernel.info")));
  CHECK(client.line(kernel) ==
        R"({"id":null,"error":{"code":"invalid","message":"this is not JSON"}})");
  CHECK(client.line(kernel) ==
        R"({"id":4,"error":{"code":"invalid","message":"'target' is missing"}})");
  CHECK(client.line(kernel) == R"({"id":5,"result":{}})");
}

TEST_CASE("a line that is too long ends its client with a reason, and no other") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("kernel.info", "{}");
  REQUIRE(kernel.ready());
  RawClient bystander(kernel.socket());
  RawClient client(kernel.socket());
  client.send(std::string(kControlLineBytesMax + 1, ' '));
  CHECK(has(client.line(kernel), "a line is at most 65536 bytes"));
  CHECK(client.ended(kernel));
  REQUIRE(bystander.send(request(1, "kernel.info")));
  CHECK(bystander.line(kernel) == R"({"id":1,"result":{}})");
}

TEST_CASE("parameters larger than a frame are refused, not sent") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(request(1, "x", "\"" + std::string(kCallBodyBytesMax, 'x') + "\"")));
  CHECK(has(client.line(kernel), R"({"id":1,"error":{"code":"invalid")"));
  CHECK(kernel.requests.empty());
}

TEST_CASE("one call too many is overloaded, and the others are answered") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  for (int id = 1; id <= kClientCallsMax + 1; ++id) REQUIRE(client.send(request(id, "slow")));
  CHECK(has(client.line(kernel), R"({"id":17,"error":{"code":"overloaded")"));
  REQUIRE(kernel.until([&] { return kernel.waiting.size() == kClientCallsMax; }));
  kernel.answer_waiting("slow", std::string("{}"));
  for (int id = 1; id <= kClientCallsMax; ++id) CHECK(has(client.line(kernel), "\"result\":{}"));
}

TEST_CASE("the 33rd client is told so, and may come when another has gone") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("kernel.info", "{}");
  REQUIRE(kernel.ready());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kClientsMax; ++i) {
    clients.push_back(std::make_unique<RawClient>(kernel.socket()));
    REQUIRE(clients.back()->send(request(1, "kernel.info")));
    REQUIRE(clients.back()->line(kernel) == R"({"id":1,"result":{}})");
  }
  RawClient refused(kernel.socket());
  CHECK(has(refused.line(kernel), R"({"id":null,"error":{"code":"overloaded")"));
  CHECK(refused.ended(kernel));
  clients.pop_back();
  CHECK(kernel.until([&] {
    RawClient next(kernel.socket());
    return next.send(request(1, "kernel.info")) && has(next.line(kernel), "result");
  }));
}

TEST_CASE("a client that does not read is disconnected and others notice nothing") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("large", "\"" + std::string(50'000, 'x') + "\"");
  kernel.on("kernel.info", "{}");
  REQUIRE(kernel.ready());
  RawClient reader(kernel.socket());
  RawClient sleeper(kernel.socket());
  bool open = true;
  for (int id = 0; id < 2000 && open; ++id) {
    open = sleeper.send(request(id, "large"));
    REQUIRE(reader.send(request(id, "kernel.info")));
    REQUIRE(has(reader.line(kernel), "\"result\":{}"));
  }
  CHECK_FALSE(open);
  CHECK(has(kernel.log(), "it does not read its answers"));
}

TEST_CASE("a client that goes away cancels its calls and nobody else's") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  RawClient stays(kernel.socket());
  RawClient leaves(kernel.socket());
  REQUIRE(stays.send(request(1, "slow")));
  REQUIRE(leaves.send(request(1, "slow") + request(2, "slow")));
  REQUIRE(kernel.until([&] { return kernel.waiting.size() == 3; }));
  leaves.close();
  REQUIRE(kernel.until([&] { return kernel.cancelled.size() == 2; }));
  kernel.answer_waiting("slow", std::string("{}"));
  CHECK(stays.line(kernel) == R"({"id":1,"result":{}})");
}

TEST_CASE("an answer that is not JSON is an error to the client") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  kernel.on("broken", "{\"a\":\n");
  kernel.on("pretty", "{\n  \"a\": 1\n}");
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(request(1, "broken")));
  CHECK(has(client.line(kernel), R"({"id":1,"error":{"code":"corrupt")"));
  REQUIRE(client.send(request(2, "pretty")));
  CHECK(client.line(kernel) == R"({"id":2,"result":{   "a": 1 }})");
}
