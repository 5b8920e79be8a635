#include "kernel/session/device_session.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/pipelines/rig.hpp"  // wants Catch before it

using namespace dkvm;

namespace {

struct Host final : SessionHost {
  std::vector<std::string> told;

  void on_alive(DeviceId) override {}
  void on_hello(DeviceId, bool cleanup) override {
    told.push_back(cleanup ? "hello, knows --cleanup" : "hello");
  }
  void on_refused(DeviceId, const Error& error, bool permanent) override {
    told.push_back((permanent ? "refused for good: " : "refused: ") + error.message());
  }
  void on_violation(DeviceId, const Error& error) override {
    told.push_back("violation: " + error.message());
  }
  void on_stream_closed(DeviceId, const Error&, bool torn) override {
    told.push_back(torn ? "torn" : "closed");
  }
  void on_started(DeviceId) override { told.push_back("started"); }
  void on_stopped_frame(DeviceId) override { told.push_back("stopped"); }
  void on_call(DeviceId, const Frame& frame) override {
    told.push_back(std::string("call ") + wire::EnumNameFrameKind(frame.kind()));
  }
  void on_turn_end() override {}
};

// Nobody here has pools.
struct NoPools final : MemoryHost {
  void send_pool_open(DeviceId, const wire::PoolOpenT&, std::shared_ptr<const UniqueFd>) override {}
  void send_pool_close(DeviceId, std::uint32_t) override {}
  void send_slots(PortRef, std::span<const wire::BufferRef>) override {}
  void room_at(PortRef) override {}
  void memory_offence(DeviceId, std::string) override {}
  void memory_short(PortRef, std::string) override {}
  std::vector<BufferConsumer> consumers_of(PortRef) override { return {}; }
  BufferPeer peer(DeviceId) override { return {}; }
};

// Device 1, with a source port 1 and a sink port 2, both of keys.
struct Rig {
  Loop loop;
  ChannelScratch scratch{loop};
  test::FakeHost router_host;
  test::FakeAccount account;
  Router router{test::kKernel, router_host, account};
  Worker worker;
  NoPools memory_host;
  MemoryManager memory{memory_host, worker, 0};
  TopicTable topics;
  Host host;
  UniqueFd device;
  int kernel_fd = -1;  // the session's
  std::optional<DeviceSession> session;
  PayloadWriter writer;

  Rig() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    device.reset(fds[1]);
    kernel_fd = fds[0];
    session.emplace(SessionIdentity{1, "pedal", 3, "desk", test::kKernel, std::nullopt}, loop,
                    UniqueFd(fds[0]), scratch, SessionParts{router, memory, topics, host});
  }
  void say(wire::FrameKind kind, std::uint16_t port = 0, wire::Topic topic = wire::Topic::none,
           Bytes payload = {}) {
    std::vector<std::byte> bytes;
    Frame frame{make_header(kind), {}, {}, payload};
    frame.header.mutate_port(port);
    frame.header.mutate_topic(id_of(topic));
    append_frame(bytes, frame);
    REQUIRE(::send(device.get(), bytes.data(), bytes.size(), 0) > 0);
    session->drain();
  }
  void say_hello(std::uint16_t protocol = kProtocolVersion, bool injects = false) {
    wire::HelloT hello;
    hello.cleanup = injects;
    hello.protocol_min = hello.protocol_max = protocol;
    for (std::uint16_t id = 1; id <= 2; ++id) {
      auto port = std::make_unique<wire::PortSpecT>();
      port->id = id;
      port->name = std::to_string(id);
      port->direction = id == 1 ? wire::Direction::source : wire::Direction::sink;
      port->topics.emplace_back("key");
      port->injects = injects && id == 2;
      hello.ports.push_back(std::move(port));
    }
    say(wire::FrameKind::hello, 0, wire::Topic::none, writer.write(hello));
  }
  void run() {
    say_hello();
    session->let_in();
    session->flush();
  }
  // The kinds of all frames that wait for the device.
  std::vector<wire::FrameKind> heard() {
    std::vector<std::byte> bytes(64 * 1024);
    const ssize_t got = ::recv(device.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::vector<wire::FrameKind> kinds;
    FrameDecoder decoder(bytes);
    Frame frame;
    while (decoder.next(frame)) kinds.push_back(frame.kind());
    return kinds;
  }
};

int send_bytes(int fd) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  ::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
  return bytes;
}

using Kinds = std::vector<wire::FrameKind>;
using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("a device that says hello hears welcome once it is let in") {
  Rig rig;
  rig.say_hello();
  CHECK(rig.host.told == Told{"hello"});
  CHECK(rig.heard().empty());
  CHECK_FALSE(rig.session->running());
  rig.session->let_in();
  rig.session->flush();
  CHECK(rig.heard() == Kinds{wire::FrameKind::welcome, wire::FrameKind::ping});
  CHECK(rig.session->running());
}

TEST_CASE("the first answer to a ping says that the device is at work") {
  Rig rig;
  rig.run();
  rig.host.told.clear();
  rig.say(wire::FrameKind::pong);
  rig.say(wire::FrameKind::pong);
  CHECK(rig.host.told == Told{"started"});
}

TEST_CASE(
    "a hello is believed where there is no manifest: a sink that injects has a small socket") {
  Rig plain;
  plain.say_hello();
  CHECK(send_bytes(plain.kernel_fd) > 16 * 1024);
  Rig injecting;
  injecting.say_hello(kProtocolVersion, true);
  CHECK(injecting.host.told == Told{"hello, knows --cleanup"});
  CHECK(send_bytes(injecting.kernel_fd) <= 16 * 1024);
}

TEST_CASE("another protocol parks the device") {
  Rig rig;
  rig.say_hello(kProtocolVersion + 1);
  CHECK(rig.host.told ==
        Told{"refused for good: its hello: it speaks protocol 2 to 2, this kernel 1"});
}

TEST_CASE("pings are answered, calls and goodbyes passed on") {
  Rig rig;
  rig.run();
  rig.heard();
  rig.say(wire::FrameKind::ping);
  CHECK(rig.heard() == Kinds{wire::FrameKind::pong});
  rig.say(wire::FrameKind::request);
  rig.say(wire::FrameKind::stopped);
  CHECK(rig.host.told == Told{"hello", "call request", "stopped"});
}

TEST_CASE("a violation ends the session, and nothing after it counts") {
  Rig rig;
  rig.run();
  rig.say(wire::FrameKind::event, 2, wire::Topic::key);
  REQUIRE(rig.host.told.size() == 2);
  CHECK_THAT(rig.host.told[1], Catch::StartsWith("violation: it sent a frame 'event' from port 2"));
  CHECK_FALSE(rig.session->running());
  rig.say(wire::FrameKind::stopped);
  CHECK(rig.host.told.size() == 2);
}

TEST_CASE("the stop frame follows what is queued") {
  Rig rig;
  rig.run();
  rig.heard();
  const RoutedPort source{.id = 1, .name = "keys", .topics = {}};
  RoutedPort keys = source;
  keys.topics.add(id_of(wire::Topic::key));
  rig.router.device_up(2, "kbd", 1, false, std::span(&keys, 1), 0);
  PipelineSpec pipeline;
  pipeline.name = "typing";
  pipeline.from.emplace_back("kbd/keys");
  pipeline.to.emplace_back("pedal/2");
  REQUIRE(rig.router.add(pipeline, 0));
  Frame event{make_header(wire::FrameKind::event), {}, {}, {}};
  wire::KeyT key;
  key.code = 30;
  key.down = true;
  event.payload = rig.writer.write(key);
  event.header.mutate_port(1);
  event.header.mutate_topic(id_of(wire::Topic::key));
  event.header.mutate_sequence(1);
  seal(event);
  rig.router.publish({2, 1}, event, 0);
  rig.session->stop_in_order("the test is over", 1500);
  rig.session->flush();
  CHECK(rig.heard() == Kinds{wire::FrameKind::event, wire::FrameKind::stop});
  CHECK(rig.session->codes_to_release() == std::vector<std::uint16_t>{30});
  rig.session->close();
  CHECK(rig.session->codes_to_release() == std::vector<std::uint16_t>{30});
}
