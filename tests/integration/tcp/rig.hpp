#pragma once

#include "devices/tcp/transport/link_client.hpp"
#include "devices/tcp/transport/link_server.hpp"
#include "tests/support/temp_dir.hpp"
#include "trust/identity.hpp"
#include "trust/store.hpp"
#include "trust/tls_context.hpp"

#include <dkvm/device.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Two machines in one process, each with a device's loop and an identity of its own, joined
// by real sockets. Nothing runs but while a test waits for something.
namespace dkvm::test {

inline constexpr std::chrono::seconds kWaitMax{20};

// What a link has told, word by word.
struct Recorder final : tcp::LinkHandler {
  void added(tcp::PeerLink& link) override { told("added " + link.name()); }
  void removed(tcp::PeerLink& link) override { told("removed " + link.name()); }
  void up(tcp::PeerLink&, bool resumed) override { told(resumed ? "up-again" : "up"); }
  void frame(tcp::PeerLink&, const Frame& frame) override {
    told("frame " + std::string(wire::EnumNameFrameKind(frame.kind())) + " " +
         std::to_string(frame.header.sequence()));
    if (on_frame) on_frame(frame);
  }
  void writable(tcp::PeerLink&) override { told("writable"); }
  void silent(tcp::PeerLink&) override { told("silent"); }
  void alive(tcp::PeerLink&) override { told("alive"); }
  void down(tcp::PeerLink&, const Error& why) override {
    told("down");
    last_down = why.message();
  }
  void bulk(tcp::PeerLink&, tcp::TlsStream stream) override {
    told("bulk");
    bulks.push_back(std::move(stream));
  }
  void status_changed(tcp::PeerLink& link) override { states.push_back(link.status().state); }

  void told(std::string word) { words.push_back(std::move(word)); }
  bool has(const std::string& word) const { return count(word) != 0; }
  long count(const std::string& word) const { return std::count(words.begin(), words.end(), word); }

  std::vector<std::string> words;
  std::vector<tcp::LinkState> states;
  std::vector<tcp::TlsStream> bulks;
  std::string last_down;
  std::function<void(const Frame&)> on_frame;
};

class Machine {
 public:
  Machine(std::string name, std::uint64_t kernel_id)
      : device("test", "a link of a test"),
        identity_(std::move(*trust::Identity::make(folder.path(), trust::KeyKind::p256, name))) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    kernel_ = Fd(ends[0]);
    auto made = device.run_over(Fd(ends[1]), Fd(::dup(ends[1])));
    REQUIRE(made);
    context = std::move(*made);
    wire::WelcomeT welcome;
    welcome.protocol = kProtocolVersion;
    welcome.kernel = name;
    welcome.kernel_id = kernel_id;
    PayloadWriter writer;
    std::vector<std::byte> bytes;
    append_frame(bytes, {make_header(wire::FrameKind::welcome), {}, {}, writer.write(welcome)});
    REQUIRE(::send(kernel_.get(), bytes.data(), bytes.size(), 0) > 0);
    while (context->kernel_id() != kernel_id) context->dispatch(1000);
  }

  trust::Store store() const {
    auto loaded = trust::Store::load(folder.path());
    REQUIRE(loaded);
    return std::move(*loaded);
  }
  void trust(const std::string& name, const Machine& other) {
    REQUIRE(store().add({name, other.identity().fingerprint()}));
  }
  const trust::Identity& identity() const { return identity_; }

  TempDir folder;
  Device device;
  std::unique_ptr<Context> context;
  Recorder told;

 private:
  trust::Identity identity_;
  Fd kernel_;
};

// What runs while a test waits: the loops of machines, and whatever else takes steps.
struct World {
  std::vector<Machine*> machines;
  std::vector<std::function<void()>> steps;

  void turn() {
    for (auto& step : steps) step();
    std::vector<pollfd> fds;
    for (Machine* each : machines) fds.push_back({each->context->fd(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), 1);
    for (Machine* each : machines) each->context->dispatch(0);
  }
  void wait(const std::string& what, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kWaitMax;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) FAIL("it does not happen: " << what);
      turn();
    }
  }
  void leave_out(Machine& machine) { std::erase(machines, &machine); }
};

// A desk that listens and a laptop that dials, which trust each other.
struct Pair {
  Pair() { world.machines = {&desk, &laptop}; }

  void listen(tcp::ServerConfig config = {}) {
    if (desk.store().peers().empty()) desk.trust("laptop", laptop);
    if (config.listen.empty()) config.listen = {{"127.0.0.1", 0}};
    config.identity = desk.folder.path();
    auto started = tcp::LinkServer::start(*desk.context, config, desk.told);
    if (!started) FAIL(started.error().message());
    server = std::move(*started);
    port = static_cast<std::uint16_t>(
        std::stoi(server->listening().front().substr(server->listening().front().rfind(':') + 1)));
  }
  void dial(std::uint16_t to_port = 0, const std::string& host = "127.0.0.1") {
    if (laptop.store().peers().empty()) laptop.trust("desk", desk);
    tcp::ClientConfig config;
    config.connect = {{host, to_port == 0 ? port : to_port}};
    config.peer.name = "desk";
    config.identity = laptop.folder.path();
    auto started = tcp::LinkClient::start(*laptop.context, config, laptop.told);
    if (!started) FAIL(started.error().message());
    client = std::move(*started);
  }
  void wait_up() {
    world.wait("both ends are up, with bulk", [&] {
      return there() != nullptr && there()->up() && here().up() && !desk.told.bulks.empty() &&
             !laptop.told.bulks.empty();
    });
  }
  void connect() {
    listen();
    dial();
    wait_up();
  }

  tcp::PeerLink* there() { return server->find("laptop"); }  // as the desk sees it
  tcp::PeerLink& here() { return *client->peers().front(); }

  Machine desk{"desk", 11};
  Machine laptop{"laptop", 22};
  World world;
  std::unique_ptr<tcp::LinkServer> server;
  std::unique_ptr<tcp::LinkClient> client;
  std::uint16_t port = 0;
};

inline Frame numbered(std::uint64_t sequence, Bytes payload = {}) {
  Frame frame{make_header(wire::FrameKind::event), {}, {}, payload};
  frame.header.mutate_sequence(sequence);
  return frame;
}

inline Fd connected_to(std::uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

inline bool is_closed(int fd) {
  char byte;
  for (;;) {
    const ssize_t got = ::recv(fd, &byte, 1, MSG_DONTWAIT);
    if (got > 0) continue;
    return got == 0 || errno != EAGAIN;
  }
}

// A wire between two ports that can be cut, or swallow what goes over it.
class Relay {
 public:
  explicit Relay(std::uint16_t target) : target_(target) {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_.get(), 64) == 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }

  void step() {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket && !refuse) wires_.push_back({std::move(socket), connected_to(target_), false});
    for (auto& wire : wires_) {
      if (wire.frozen) continue;
      carry(wire.a, wire.b);
      carry(wire.b, wire.a);
    }
  }
  void cut() { wires_.clear(); }
  void freeze() {
    for (auto& wire : wires_) wire.frozen = true;
  }
  void thaw() {
    for (auto& wire : wires_) wire.frozen = false;
  }
  std::size_t wires() const { return wires_.size(); }

  std::uint16_t port = 0;
  bool refuse = false;

 private:
  struct Wire {
    Fd a, b;
    bool frozen;
  };

  static void carry(Fd& from, Fd& to) {
    if (!from || !to) return;
    std::byte bytes[16 * 1024];
    const ssize_t got = ::recv(from.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got > 0) {
      ::send(to.get(), bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL);
    } else if (got == 0 || errno != EAGAIN) {
      from.reset();
      to.reset();
    }
  }

  std::uint16_t target_;
  Fd listener_;
  std::vector<Wire> wires_;
};

}  // namespace dkvm::test
