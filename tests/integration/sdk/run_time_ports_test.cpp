#include "tests/integration/sdk/in_process.hpp"

#include <catch2/catch.hpp>
#include <memory>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kIds[] = {9, 10, 11};

PortManifest late(std::uint16_t id) {
  PortManifest port;
  port.id = id;
  port.name = "late-" + std::to_string(id);
  port.topics = {"key"};
  return port;
}

bool refused(const Result<>& result) { return !result && result.error().code() == Errc::invalid; }

}  // namespace

TEST_CASE("a port that is closed, by its own handler even, refuses whatever it is told, for good") {
  Device device("brief", "Closes what it opened");
  Running running(device);
  Context& context = *running.context;
  auto port = *context.open_source(late(9));
  bool closed = false;
  port->on_upstream<Refresh>([&](const Refresh&) {
    REQUIRE(context.close_port(9));
    closed = refused(port->emit(key(30, true)));
  });
  tell(running.fd(), wire::FrameKind::upstream, 9, Refresh{});
  settle(context);
  CHECK(closed);
  for (int turn = 0; turn < 3; ++turn) context.dispatch();
  CHECK(refused(port->emit(key(30, true))));
  CHECK(heard(running.fd()) == std::vector<std::string>{"port_open 9", "port_close 9"});
}

TEST_CASE("a handler that closes its own port and opens the id again runs to its end") {
  Device device("again", "Opens what it closed");
  Running running(device);
  Context& context = *running.context;
  auto first = *context.open_source(late(9));
  std::shared_ptr<OutPort> second;
  std::string after;
  first->on_upstream<Refresh>([&, text = std::string(100, 'x')](const Refresh&) {
    REQUIRE(context.close_port(9));
    second = *context.open_source(late(9));
    after = text;  // what the handler has captured is still there
  });
  tell(running.fd(), wire::FrameKind::upstream, 9, Refresh{});
  settle(context);
  CHECK(after == std::string(100, 'x'));
  CHECK(refused(first->emit(key(30, true))));
  CHECK(second->emit(key(30, true)));
  settle(context);
  CHECK(heard(running.fd()) ==
        std::vector<std::string>{"port_open 9", "port_close 9", "port_open 9", "event 9"});
}

TEST_CASE("on_batch may close its own port and the next; the others report as ever") {
  Device device("batch", "Closes ports at the end of a batch");
  Running running(device);
  Context& context = *running.context;
  for (const std::uint16_t id : kIds) {
    auto port = *context.open_sink(late(id));
    if (id != 9) continue;
    port->on_batch([&]() -> Result<> {
      DKVM_CHECK(context.close_port(9));
      return context.close_port(10);
    });
  }
  settle(context);
  heard(running.fd());
  for (const std::uint16_t id : kIds) tell(running.fd(), wire::FrameKind::event, id, key(30, true));
  settle(context);
  CHECK(heard(running.fd()) ==
        std::vector<std::string>{"port_close 9", "port_close 10", "applied 11"});
  CHECK_FALSE(context.finished());
}

TEST_CASE("callbacks that hold their own port go with its closing, and with the context") {
  Device device("cycle", "Captures what it opened");
  Running running(device);
  std::weak_ptr<OutPort> closed, open;
  for (auto* kept : {&closed, &open}) {
    const std::uint16_t id = kept == &closed ? 9 : 10;
    auto port = *running.context->open_source(late(id));
    port->on_resume([port] { (void)port->emit(key(30, true)); });
    *kept = port;
  }
  REQUIRE(running.context->close_port(9));
  CHECK_FALSE(closed.expired());  // one of its callbacks may be running
  running.context->dispatch();
  CHECK(closed.expired());
  CHECK_FALSE(open.expired());
  running.context.reset();
  CHECK(open.expired());
}

TEST_CASE("a code that is down on two ports is let go of in silence until both are up") {
  Device device("two-hands", "Presses the same key on two ports");
  InPort& left = device.sink<Key>({.name = "left"});
  InPort& right = device.sink<Key>({.name = "right"});
  int let_go = 0;
  device.on_let_go([&](Context&) { ++let_go; });
  Running running(device, 1);
  Context& context = *running.context;
  const auto press = [&](const InPort& port, bool down) {
    tell(running.fd(), wire::FrameKind::event, port.id(), key(29, down));
  };
  bool waited = false;
  // Later than the look at the silence, which comes within 50 ms of a press.
  const auto wait = [&] {
    waited = false;
    context.after(std::chrono::milliseconds(150), [&] { waited = true; });
    while (!waited) context.dispatch(-1);
  };

  press(left, true);
  press(right, true);
  press(left, false);
  settle(context);
  wait();
  CHECK(let_go == 1);

  press(left, true);
  press(right, true);
  press(left, false);
  press(right, false);
  settle(context);
  wait();
  CHECK(let_go == 1);
}

TEST_CASE("what a closed port held is no reason to fear silence") {
  Device device("gone", "Closes a port that holds a key");
  int let_go = 0;
  device.on_let_go([&](Context&) { ++let_go; });
  Running running(device, 1);
  Context& context = *running.context;
  auto port = *context.open_sink(late(9));
  const bool in_its_handler = GENERATE(false, true);
  port->on<Key>([&](const Key&, const EventInfo&) {
    if (in_its_handler) REQUIRE(context.close_port(9));
  });
  tell(running.fd(), wire::FrameKind::event, 9, key(29, true));
  settle(context);
  if (!in_its_handler) REQUIRE(context.close_port(9));
  bool waited = false;
  context.after(std::chrono::milliseconds(150), [&] { waited = true; });
  while (!waited) context.dispatch(-1);
  CHECK(let_go == 0);
}
