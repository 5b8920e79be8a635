#include "tests/integration/sdk/in_process.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a foreign loop on fd() comes back for idle work, and sleeps when there is none") {
  Pair pair;
  Device device("idle", "Works when nothing else does");
  int turns = 0;
  device.on_start([&](Context& context) -> Result<> {
    context.on_idle([&] { return ++turns < 5; });
    return {};
  });
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  while (readable((*context)->fd())) (*context)->dispatch();
  CHECK(turns == 5);
}

TEST_CASE("idle work waits while the kernel does not read, and goes on when it does") {
  Pair pair;
  Device device("flood", "Sends all it can");
  OutPort& out = device.source<Clipboard>({.name = "out"});
  Clipboard text;
  text.data.assign(50'000, 1);
  int sent = 0;
  device.on_start([&](Context& context) -> Result<> {
    context.on_idle([&] {
      REQUIRE(out.emit(text));
      return ++sent < 100;
    });
    return {};
  });
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  while (readable((*context)->fd())) (*context)->dispatch();
  CHECK((*context)->backlogged());
  CHECK(sent < 100);
  std::vector<std::byte> sink(64 * 1024);
  while (sent < 100 || (*context)->backlogged()) {
    while (::recv(pair.kernel.get(), sink.data(), sink.size(), MSG_DONTWAIT) > 0) {
    }
    REQUIRE(readable((*context)->fd()));
    (*context)->dispatch();
  }
  CHECK(sent == 100);
}

TEST_CASE("a timer that always sets another in the past does not keep the device from its kernel") {
  Pair pair;
  Device device("late", "Is always late");
  std::function<void(Context&)> again = [&again](Context& context) {
    context.at(1, [&again, &context] { again(context); });
  };
  device.on_start([&](Context& context) -> Result<> {
    again(context);
    return {};
  });
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  (*context)->dispatch();
  (*context)->dispatch();
  pair.kernel.reset();
  for (int i = 0; i < 10 && !(*context)->finished(); ++i) (*context)->dispatch();
  CHECK((*context)->finished());
}

TEST_CASE("a device that finishes stays until its kernel has taken everything") {
  Pair pair;
  Device device("last-words", "Says much and ends");
  OutPort& out = device.source<Clipboard>({.name = "out"});
  device.on_start([&](Context& context) -> Result<> {
    Clipboard text;
    text.data.assign(60'000, 1);
    for (int i = 0; i < 6; ++i) DKVM_CHECK(out.emit(text));  // more than a socket holds
    context.finish(0);
    return {};
  });
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  while (readable((*context)->fd())) (*context)->dispatch();
  CHECK((*context)->backlogged());
  CHECK_FALSE((*context)->finished());
  std::size_t received = 0;
  std::vector<std::byte> sink(64 * 1024);
  while (!(*context)->finished()) {
    const ssize_t got = ::recv(pair.kernel.get(), sink.data(), sink.size(), MSG_DONTWAIT);
    if (got > 0) received += static_cast<std::size_t>(got);
    (*context)->dispatch();
  }
  context->reset();
  while (const ssize_t got = ::recv(pair.kernel.get(), sink.data(), sink.size(), 0))
    received += static_cast<std::size_t>(got);
  CHECK(received > 6 * 60'000);
}

TEST_CASE("an event sent between two dispatches asks for the next one") {
  Pair pair;
  Device device("foreign", "Is driven by another loop");
  OutPort& out = device.source<Key>({.name = "out"});
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  while (readable((*context)->fd())) (*context)->dispatch();
  std::vector<std::byte> sink(4096);
  while (readable(pair.kernel.get())) ::recv(pair.kernel.get(), sink.data(), sink.size(), 0);
  REQUIRE(out.emit(key(30, true)));
  CHECK_FALSE(readable(pair.kernel.get()));
  REQUIRE(readable((*context)->fd()));
  (*context)->dispatch();
  CHECK(readable(pair.kernel.get()));
  CHECK_FALSE(readable((*context)->fd()));
}

TEST_CASE("what a device would say before its kernel has answered is refused") {
  Pair pair;
  Device device("hasty", "Does not wait for its welcome");
  OutPort& out = device.source<Key>({.name = "out"});
  InPort& in = device.sink<Key>({.name = "in"});
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  const auto refused = [](const auto& result) {
    return !result && result.error().code() == Errc::invalid;
  };
  CHECK(refused(out.emit(key(30, true))));
  CHECK(refused(in.send_upstream(Refresh{})));
  CHECK(refused(in.applied(1)));
  CHECK(refused((*context)->call("kernel", "kernel.info", "{}", {})));
  CHECK(refused((*context)->open_source({.id = 9, .name = "late", .topics = {"key"}})));
  CHECK(refused((*context)->close_port(out.id())));
  CHECK_FALSE((*context)->backlogged());
  welcome(pair.kernel.get());
  while (readable((*context)->fd())) (*context)->dispatch();
  CHECK(out.emit(key(30, true)));
}

TEST_CASE("an event that no frame can carry is refused, and the next one is sent") {
  Pair pair;
  Device device("large", "Has much to say");
  OutPort& out = device.source<Clipboard>({.name = "out"});
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  while (readable((*context)->fd())) (*context)->dispatch();
  Clipboard text;
  text.data.assign(300'000, 1);  // more than a stream's whole output
  const auto sent = out.emit(text);
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code() == Errc::invalid);
  CHECK_THAT(sent.error().message(), Catch::Contains("is larger than a frame's"));
  text.data.resize(60'000);
  CHECK(out.emit(text));
}

TEST_CASE("other threads may leave a device 4096 pieces of work, and no more until it does them") {
  Pair pair;
  Device device("busy", "Is given work");
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  int done = 0;
  for (int i = 0; i < 4096; ++i) REQUIRE((*context)->post([&] { ++done; }));
  const auto refused = (*context)->post([&] { ++done; });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::overloaded);
  (*context)->dispatch();
  CHECK(done == 4096);
  CHECK((*context)->post([] {}));
}

TEST_CASE("a device of lambdas lets go and stops when its kernel is gone") {
  Pair pair;
  Device device("plain", "Derives from nothing");
  std::string life;
  device.on_start([&](Context&) -> Result<> {
    life += "start ";
    return {};
  });
  device.on_let_go([&](Context&) { life += "let-go "; });
  device.on_stop([&](Context&) { life += "stop"; });
  auto context = device.run_over(std::move(pair.device), std::move(pair.device_too));
  REQUIRE(context);
  welcome(pair.kernel.get());
  pair.kernel.reset();
  while (!(*context)->finished()) (*context)->dispatch(-1);
  CHECK(life == "start let-go stop");
}
