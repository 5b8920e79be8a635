#include "devices/metrics/http_client.hpp"
#include "devices/metrics/limits.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

using namespace dkvm;
using namespace dkvm::metrics;

namespace {

constexpr const char* kGet = "GET /metrics HTTP/1.1\r\nHost: localhost:24862\r\n\r\n";

// A client of the server, in the same process: what it writes, and what it is sent.
struct Peer {
  Peer() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    own = Fd(ends[0]);
    client.emplace(Fd(ends[1]), 0);
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(own.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      REQUIRE(sent > 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      for (ssize_t left = sent; left > 0; left -= kReadBytesMax) client->receive(1);
    }
  }
  std::string read() {
    std::string text(1 << 20, '\0');
    const ssize_t got = ::recv(own.get(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  // What the next head was refused with; 0: it is a request, -1: there is none.
  int next() { return client->next_head(head) ? head.status : -1; }

  Fd own;
  std::optional<HttpClient> client;
  HttpClient::Head head;
};

Text text(std::string words) { return std::make_shared<const std::string>(std::move(words)); }

}  // namespace

TEST_CASE("a request may come in any pieces") {
  const std::string whole = kGet;
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    Peer peer;
    peer.write(whole.substr(0, cut));
    if (cut < whole.size() - 1) CHECK(peer.next() == -1);
    peer.write(whole.substr(cut));
    REQUIRE(peer.next() == 0);
    CHECK(peer.head.request.path == "/metrics");
    CHECK(peer.head.request.host == "localhost");
  }
}

TEST_CASE("a client asks again on the same connection, and is answered in order") {
  Peer peer;
  peer.write(std::string(kGet) + "HEAD /metrics?x=1 HTTP/1.1\r\n\r\n");
  REQUIRE(peer.next() == 0);
  peer.client->answer(200, "text/plain", text("first"), 5);
  CHECK(peer.read().ends_with("\r\n\r\nfirst"));
  REQUIRE(peer.next() == 0);
  CHECK(peer.head.request.method == "HEAD");
  CHECK(peer.head.request.path == "/metrics");
  peer.client->answer(200, "text/plain", text("second"), 5);
  const std::string answer = peer.read();
  CHECK(answer.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
  CHECK(peer.client->phase() == HttpClient::Phase::reading);
}

TEST_CASE("what is no request is answered with what is wrong, and is the last one") {
  const auto refused = [](const std::string& bytes) {
    Peer peer;
    peer.write(bytes);
    const int status = peer.next();
    if (status <= 0) return status;
    peer.client->answer(status, "text/plain", text("no"), 5);
    CHECK(peer.client->phase() == HttpClient::Phase::over);
    return status;
  };
  CHECK(refused("\r\n\r\n") == 400);
  CHECK(refused("GET\r\n\r\n") == 400);
  CHECK(refused("GET / SPDY/3\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nno colon\r\n\r\n") == 400);
  CHECK(refused("\x16\x03\x01\x02\n\n") == 400);  // TLS
  CHECK(refused("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello") == 413);
  CHECK(refused("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == 413);
  CHECK(refused("GET /" + std::string(kHeadBytesMax, 'a')) == 431);
  CHECK(refused("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n") == 0);
}

TEST_CASE("a connection goes on unless one side wants its end") {
  const auto phase_after = [](const char* request) {
    Peer peer;
    peer.write(request);
    REQUIRE(peer.next() == 0);
    peer.client->answer(200, "text/plain", text("x"), 5);
    return peer.client->phase();
  };
  CHECK(phase_after(kGet) == HttpClient::Phase::reading);
  CHECK(phase_after("GET / HTTP/1.0\r\n\r\n") == HttpClient::Phase::over);
  CHECK(phase_after("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n") == HttpClient::Phase::over);
}

TEST_CASE("a client that does not read is due, and one that floods meanwhile is over") {
  Peer peer;
  peer.write(kGet);
  REQUIRE(peer.next() == 0);
  peer.client->answer(200, "text/plain", text(std::string(8 << 20, 'x')), 1000);
  CHECK(peer.client->phase() == HttpClient::Phase::sending);
  CHECK(peer.client->due_ns() ==
        1000 + static_cast<std::uint64_t>(std::chrono::nanoseconds(kSendTimeMax).count()));
  peer.write(std::string(2 * kHeadBytesMax, 'y'));
  CHECK(peer.client->phase() == HttpClient::Phase::over);
}

TEST_CASE("a head has its time from its first byte on, an idle client longer") {
  const auto ns = [](std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(time.count());
  };
  Peer peer;
  CHECK(peer.client->due_ns() == ns(kHeadTimeMax));
  peer.write(kGet);
  REQUIRE(peer.next() == 0);
  peer.client->answer(200, "text/plain", text("x"), 1000);
  CHECK(peer.client->due_ns() == 1000 + ns(kIdleTimeMax));
  REQUIRE(::send(peer.own.get(), "G", 1, MSG_NOSIGNAL) == 1);
  peer.client->receive(5000);
  CHECK(peer.client->due_ns() == 5000 + ns(kHeadTimeMax));
  REQUIRE(::send(peer.own.get(), "E", 1, MSG_NOSIGNAL) == 1);
  peer.client->receive(9000);
  CHECK(peer.client->due_ns() == 5000 + ns(kHeadTimeMax));  // drop by drop gives no more
}

TEST_CASE("names that only this machine has are local, and no name is") {
  for (const char* local : {"", "localhost", "LOCALHOST", "127.0.0.1", "::1", "192.168.1.5"})
    CHECK(is_local_host(local));
  for (const char* other : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example"})
    CHECK_FALSE(is_local_host(other));
}
