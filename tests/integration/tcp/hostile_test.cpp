#include "tests/integration/tcp/rig.hpp"

#include <openssl/ssl.h>

using namespace dkvm;
using namespace dkvm::test;
using namespace dkvm::tcp;
using namespace std::chrono_literals;

namespace {

bool send_all(int fd, Bytes bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}
bool send_all(int fd, std::string_view text) {
  return send_all(fd, std::as_bytes(std::span(text)));
}

// Somebody at the desk's door who does as he likes. Made from outside a link's code.
struct Visitor {
  Visitor(test::Pair& all, const Machine* as, int version = TLS1_3_VERSION)
      : pair(all), socket(connected_to(all.port)), context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    if (as != nullptr) {
      SSL_CTX_use_certificate(context.get(), as->identity().certificate());
      SSL_CTX_use_PrivateKey(context.get(), as->identity().key());
    }
    ssl.reset(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), socket.get());
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  }

  // False: it was not let through.
  bool shake() {
    for (int i = 0; i < 5000; ++i) {
      const int done = SSL_connect(ssl.get());
      if (done == 1) return true;
      if (SSL_get_error(ssl.get(), done) != SSL_ERROR_WANT_READ) return false;
      pair.world.turn();
    }
    return false;
  }
  void say(Bytes bytes) {
    REQUIRE(SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) ==
            static_cast<int>(bytes.size()));
  }
  void say(const Frame& frame) {
    std::vector<std::byte> bytes(frame_bytes(frame.header));
    write_frame(bytes.data(), frame);
    say(bytes);
  }
  void say_hello(wire::LinkConnection connection, std::vector<std::uint8_t> session = {}) {
    const LinkSelf self{"visitor", 99, 5, {}};
    say(bytes_of(self.hello(connection, std::move(session))));
  }
  bool ended() {
    char bytes[4096];
    const int got = SSL_read(ssl.get(), bytes, sizeof(bytes));
    return got <= 0 && SSL_get_error(ssl.get(), got) != SSL_ERROR_WANT_READ;
  }
  void wait_ended() {
    pair.world.wait("the visitor is thrown out", [&] { return ended(); });
  }

  test::Pair& pair;
  Fd socket;
  trust::SslCtxPtr context;
  trust::SslPtr ssl;
};

// Whoever was there before, a peer that is trusted gets in.
void check_real_peer(test::Pair& pair) {
  pair.dial();
  pair.wait_up();
  CHECK(pair.desk.told.count("up") == 1);
}

}  // namespace

TEST_CASE("who does not speak TLS 1.3 gets nothing") {
  test::Pair pair;
  pair.listen();
  const std::string words = GENERATE(std::string("GET / HTTP/1.1\r\nHost: desk\r\n\r\n"),
                                     std::string("hello\n"), std::string(3000, '\xFF'),
                                     std::string("\x16\x03\x01\xFF\xFF") + std::string(300, '\0'));
  const Fd socket = connected_to(pair.port);
  REQUIRE(send_all(socket.get(), words));
  pair.world.wait("it is closed", [&] { return is_closed(socket.get()); });
  CHECK(pair.desk.told.words == std::vector<std::string>{"added laptop"});
  check_real_peer(pair);
}

TEST_CASE("TLS 1.2 is refused, with a certificate that is trusted too") {
  test::Pair pair;
  pair.listen();
  CHECK_FALSE(Visitor(pair, &pair.laptop, TLS1_2_VERSION).shake());
  check_real_peer(pair);
}

TEST_CASE("no certificate, or one that is not pinned, is no way in") {
  test::Pair pair;
  pair.listen();
  Machine twin("laptop", 33);  // the right subject with another key
  Visitor visitor(pair, GENERATE(false, true) ? &twin : nullptr);
  if (visitor.shake()) {
    // TLS 1.3: the client is done before the server has judged
    visitor.say_hello(wire::LinkConnection::input);
    visitor.wait_ended();
  }
  CHECK(pair.desk.told.words == std::vector<std::string>{"added laptop"});
  check_real_peer(pair);
}

TEST_CASE("half a handshake has two seconds") {
  test::Pair pair;
  pair.listen();
  const Fd socket = connected_to(pair.port);
  REQUIRE(send_all(socket.get(), std::string_view("\x16\x03\x01\x02\x00\x01", 6)));
  const auto begin = std::chrono::steady_clock::now();
  pair.world.wait("it is closed", [&] { return is_closed(socket.get()); });
  const auto passed = std::chrono::steady_clock::now() - begin;
  CHECK(passed > kHandshakeTimeMax * 9 / 10);
  CHECK(passed < kHandshakeTimeMax * 3);
  check_real_peer(pair);
}

TEST_CASE("a crowd that connects and says nothing keeps nobody out and leaves nothing behind") {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const char* by_hand = std::getenv("DKVM_TEST_CROWD");
  const std::size_t crowd = by_hand != nullptr ? std::strtoul(by_hand, nullptr, 10) : 2000;

  test::Pair pair;
  pair.listen();
  const auto open_fds = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open_fds();
  std::vector<Fd> sockets;
  for (std::size_t i = 0; i < crowd; ++i) {
    sockets.push_back(connected_to(pair.port));
    if (i % 50 == 0) pair.world.turn();
    if (i == crowd / 2) pair.dial();
    if (i % 100 != 0) continue;
    REQUIRE(open_fds() - before <=
            static_cast<std::ptrdiff_t>(sockets.size() + kWaitingMax + kHandshakesMax + 100));
  }
  pair.wait_up();
  pair.world.wait("all are shed", [&] {
    return std::ranges::all_of(sockets, [](const Fd& each) { return is_closed(each.get()); });
  });
  sockets.clear();
  CHECK(open_fds() - before < 20);
  CHECK(pair.desk.told.count("up") == 1);
}

TEST_CASE("whoever holds half a handshake on many connections keeps nobody out") {
  test::Pair pair;
  pair.listen();
  std::vector<Fd> sockets;
  for (int i = 0; i < 200; ++i) {
    sockets.push_back(connected_to(pair.port));
    REQUIRE(send_all(sockets.back().get(), std::string_view("\x16\x03\x01\x02\x00\x01", 6)));
    if (i % 8 == 0) pair.world.turn();
  }
  check_real_peer(pair);
}

TEST_CASE("a hello that is none, or too large, ends the connection before anything is made") {
  test::Pair pair;
  pair.listen();
  Visitor visitor(pair, &pair.laptop);
  REQUIRE(visitor.shake());
  SECTION("an event") { visitor.say(numbered(1)); }
  SECTION("a frame of 4 GiB") {
    Frame frame{make_header(wire::FrameKind::hello), {}, {}, {}};
    frame.header.mutate_payload_size(0xFFFFFFFF);
    visitor.say(Bytes(reinterpret_cast<const std::byte*>(&frame.header), kHeaderBytes));
  }
  SECTION("a hello of 2 KiB") {
    const std::vector<std::byte> payload(2048);
    Frame frame{make_header(wire::FrameKind::hello), {}, {}, payload};
    seal(frame);
    visitor.say(frame);
  }
  SECTION("a hello whose payload is no table") {
    const std::vector<std::byte> payload(64, std::byte{0xFF});
    Frame frame{make_header(wire::FrameKind::hello), {}, {}, payload};
    seal(frame);
    visitor.say(frame);
  }
  SECTION("no frame at all") { visitor.say(std::vector<std::byte>(64, std::byte{1})); }
  SECTION("another version of the protocol") {
    auto hello = LinkSelf{}.hello(wire::LinkConnection::input, {});
    hello.protocol_min = hello.protocol_max = 7;
    visitor.say(bytes_of(hello));
  }
  SECTION("a session of the wrong size") { visitor.say_hello(wire::LinkConnection::input, {1, 2}); }
  SECTION("a bulk connection without a session") { visitor.say_hello(wire::LinkConnection::bulk); }
  SECTION("a bulk connection of a session that nobody has") {
    visitor.say_hello(wire::LinkConnection::bulk, random_session());
  }
  SECTION("a connection of an unknown kind") {
    visitor.say_hello(static_cast<wire::LinkConnection>(9));
  }
  visitor.wait_ended();
  CHECK(pair.desk.told.words == std::vector<std::string>{"added laptop"});
  check_real_peer(pair);
}

TEST_CASE("a peer that breaks the rules after its hello is cut, with the rule as the reason") {
  test::Pair pair;
  pair.listen();
  Visitor visitor(pair, &pair.laptop);
  REQUIRE(visitor.shake());
  visitor.say_hello(wire::LinkConnection::input);
  pair.world.wait("it is in", [&] { return pair.desk.told.has("up"); });
  std::string rule;
  SECTION("a frame of 4 GiB") {
    Frame frame = numbered(1);
    frame.header.mutate_payload_size(0xFFFFFFFF);
    visitor.say(Bytes(reinterpret_cast<const std::byte*>(&frame.header), kHeaderBytes));
    rule = "payload";
  }
  SECTION("a second hello") {
    visitor.say_hello(wire::LinkConnection::input);
    rule = "'hello'";
  }
  SECTION("slots, which are granted on the bulk connection") {
    visitor.say({make_header(wire::FrameKind::slots), {}, {}, {}});
    rule = "'slots'";
  }
  SECTION("what only kernels and devices say") {
    visitor.say({make_header(wire::FrameKind::welcome), {}, {}, {}});
    rule = "'welcome'";
  }
  SECTION("a stop that is none") {
    visitor.say({make_header(wire::FrameKind::stop), {}, {}, {}});
    rule = "no valid";
  }
  SECTION("noise") {
    visitor.say(std::vector<std::byte>(64, std::byte{1}));
    rule = "magic";
  }
  visitor.wait_ended();
  CHECK(pair.desk.told.has("down"));
  CHECK(pair.there()->status().state == tcp::LinkState::refused);
  CHECK(pair.there()->status().reason.find(rule) != std::string::npos);
}

TEST_CASE("who was cut stays out for the pause, is told why, and comes in after it") {
  test::Pair pair;
  ServerConfig config;
  config.cut_pause = GENERATE(300ms, 3'600'000ms);
  const bool is_short = config.cut_pause < 1s;
  pair.listen(config);
  {
    Visitor liar(pair, &pair.laptop);
    REQUIRE(liar.shake());
    liar.say_hello(wire::LinkConnection::input);
    pair.world.wait("it is in", [&] { return pair.desk.told.has("up"); });
    liar.say_hello(wire::LinkConnection::input);
    liar.wait_ended();
  }
  const auto cut = std::chrono::steady_clock::now();
  const auto try_again = [&] {
    Visitor again(pair, &pair.laptop);
    if (!again.shake()) return;
    again.say_hello(wire::LinkConnection::input);
    pair.world.wait("it is in or out",
                    [&] { return again.ended() || pair.desk.told.count("up") == 2; });
  };
  if (is_short) {
    while (pair.desk.told.count("up") != 2) try_again();
    CHECK(std::chrono::steady_clock::now() - cut >= config.cut_pause);
    return;
  }
  for (int i = 0; i < 20; ++i) try_again();
  CHECK(pair.desk.told.count("up") == 1);
  pair.dial();  // one that keeps the rules hears the reason, and is in no hurry
  pair.world.wait("it is refused",
                  [&] { return pair.here().status().state == tcp::LinkState::refused; });
  CHECK(pair.here().status().reason.find("it says: the peer sent 'hello'") != std::string::npos);
  CHECK_FALSE(pair.laptop.told.has("up"));
}

TEST_CASE("a session belongs to its certificate: another peer cannot resume it") {
  test::Pair pair;
  Machine other("other", 33);
  pair.desk.trust("laptop", pair.laptop);
  pair.desk.trust("other", other);
  pair.listen();
  pair.dial();
  pair.wait_up();
  const auto session = pair.here().session();
  Visitor visitor(pair, &other);
  REQUIRE(visitor.shake());
  SECTION("its bulk connection") {
    visitor.say_hello(wire::LinkConnection::bulk, session);
    visitor.wait_ended();
    CHECK_FALSE(pair.server->find("other")->up());
  }
  SECTION("its input connection: it gets a session of its own") {
    visitor.say_hello(wire::LinkConnection::input, session);
    pair.world.wait("it is in", [&] { return pair.server->find("other")->up(); });
    CHECK(pair.server->find("other")->session() != session);
  }
  CHECK(pair.there()->up());
  CHECK_FALSE(pair.desk.told.has("down"));
}
