#include "trust/tls_context.hpp"

#include "tests/support/expired_identity.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <openssl/err.h>

using namespace dkvm;
using namespace dkvm::trust;
using dkvm::test::TempDir;

namespace {

struct Someone {
  explicit Someone(KeyKind kind = KeyKind::p256) {
    REQUIRE(Identity::make(folder(), kind, "same-name"));
  }
  std::filesystem::path folder() const { return directory.path() / "dkvm"; }
  Identity identity() const { return std::move(*Identity::load(folder())); }
  Fingerprint pin() const { return identity().fingerprint(); }

  TempDir directory;
};

Trusted only(const Fingerprint& pin) {
  return [pin](const Fingerprint& presented) { return presented == pin; };
}

// Two ends of TLS in memory.
struct Pair {
  Pair(SSL_CTX* at_client, SSL_CTX* at_server)
      : client(SSL_new(at_client)), server(SSL_new(at_server)) {
    BIO* one = nullptr;
    BIO* other = nullptr;
    REQUIRE(BIO_new_bio_pair(&one, 0, &other, 0) == 1);
    SSL_set_bio(client.get(), one, one);
    SSL_set_bio(server.get(), other, other);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
  }

  // Whether both sides have shaken hands and a byte has crossed each way.
  bool talks() {
    for (int turn = 0; turn < 10; ++turn) {
      if (!step(client.get(), client_reason)) return false;
      if (!step(server.get(), server_reason)) return false;
    }
    return crosses(client.get(), server.get()) && crosses(server.get(), client.get());
  }

  static bool step(SSL* side, std::string& reason) {
    const int done = SSL_do_handshake(side);
    const int why = done == 1 ? read_nothing(side) : SSL_get_error(side, done);
    if (why != SSL_ERROR_SSL) return true;
    const char* text = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    reason = text == nullptr ? "?" : text;
    return false;
  }
  // Takes what the other side says about our certificate.
  static int read_nothing(SSL* side) {
    char byte = 0;
    const int got = SSL_peek(side, &byte, 1);
    return got > 0 ? SSL_ERROR_NONE : SSL_get_error(side, got);
  }
  static bool crosses(SSL* from, SSL* to) {
    char byte = 'x';
    return SSL_write(from, &byte, 1) == 1 && SSL_read(to, &byte, 1) == 1;
  }

  SslPtr client;
  SslPtr server;
  std::string client_reason;
  std::string server_reason;
};

SslCtxPtr context_of(const Identity& identity, Role role, Trusted trusted) {
  auto made = TlsContext::make(identity, role, std::move(trusted));
  REQUIRE(made);
  SSL_CTX_up_ref(made->get());
  return SslCtxPtr(made->get());
}

}  // namespace

TEST_CASE("two that have each other's pin talk, whatever the kinds of their keys") {
  const Someone desk(KeyKind::p256);
  const Someone laptop(KeyKind::ed25519);
  const auto client = context_of(laptop.identity(), Role::client, only(desk.pin()));
  const auto server = context_of(desk.identity(), Role::server, only(laptop.pin()));
  Pair pair(client.get(), server.get());
  CHECK(pair.talks());
  CHECK(SSL_version(pair.client.get()) == TLS1_3_VERSION);
  CHECK(peer_of(pair.client.get()) == desk.pin());
  CHECK(peer_of(pair.server.get()) == laptop.pin());
}

TEST_CASE("a connection keeps what it needs of a context that is gone") {
  const Someone desk;
  const Someone laptop;
  SslCtxPtr server = context_of(desk.identity(), Role::server, only(laptop.pin()));
  SslCtxPtr client = context_of(laptop.identity(), Role::client, only(desk.pin()));
  Pair pair(client.get(), server.get());
  server.reset();
  client.reset();
  CHECK(pair.talks());
}

TEST_CASE("the right name with another key is a stranger, on either side") {
  const Someone desk;
  const Someone laptop;
  const Someone stranger;
  SECTION("as a client") {
    const auto client = context_of(stranger.identity(), Role::client, only(desk.pin()));
    const auto server = context_of(desk.identity(), Role::server, only(laptop.pin()));
    Pair pair(client.get(), server.get());
    CHECK_FALSE(pair.talks());
    CHECK(pair.server_reason == "certificate verify failed");
    (void)Pair::step(pair.client.get(), pair.client_reason);
    CHECK(pair.client_reason == "tlsv1 alert unknown ca");
  }
  SECTION("as a server") {
    const auto client = context_of(laptop.identity(), Role::client, only(desk.pin()));
    const auto server = context_of(stranger.identity(), Role::server, only(laptop.pin()));
    Pair pair(client.get(), server.get());
    CHECK_FALSE(pair.talks());
    CHECK(pair.client_reason == "certificate verify failed");
  }
}

TEST_CASE("a certificate that is trusted by a chain alone is a stranger's") {
  const Someone desk;
  const Someone laptop;
  const auto client = context_of(laptop.identity(), Role::client, only(desk.pin()));
  const auto server =
      context_of(desk.identity(), Role::server, [](const Fingerprint&) { return false; });
  const Identity root = laptop.identity();
  REQUIRE(X509_STORE_add_cert(SSL_CTX_get_cert_store(server.get()), root.certificate()) == 1);
  Pair pair(client.get(), server.get());
  CHECK_FALSE(pair.talks());
}

TEST_CASE("a pinned certificate that has ended lets its owner in") {
  const Someone desk;
  const Someone laptop;
  test::let_expire(laptop.folder());
  test::let_expire(desk.folder());
  const auto client = context_of(laptop.identity(), Role::client, only(desk.pin()));
  const auto server = context_of(desk.identity(), Role::server, only(laptop.pin()));
  Pair pair(client.get(), server.get());
  CHECK(pair.talks());
}

TEST_CASE("whoever presents no certificate is a stranger") {
  const Someone desk;
  const SslCtxPtr client(SSL_CTX_new(TLS_client_method()));
  const auto server =
      context_of(desk.identity(), Role::server, [](const Fingerprint&) { return true; });
  Pair pair(client.get(), server.get());
  CHECK_FALSE(pair.talks());
  CHECK(pair.server_reason == "peer did not return a certificate");
}

TEST_CASE("TLS 1.2 is refused") {
  const Someone desk;
  const SslCtxPtr client(SSL_CTX_new(TLS_client_method()));
  REQUIRE(SSL_CTX_set_max_proto_version(client.get(), TLS1_2_VERSION) == 1);
  const auto server =
      context_of(desk.identity(), Role::server, [](const Fingerprint&) { return true; });
  Pair pair(client.get(), server.get());
  CHECK_FALSE(pair.talks());
  CHECK(pair.server_reason == "unsupported protocol");
}

TEST_CASE("a server gives out nothing to resume a session with") {
  const Someone desk;
  const Someone laptop;
  const auto client = context_of(laptop.identity(), Role::client, only(desk.pin()));
  const auto server = context_of(desk.identity(), Role::server, only(laptop.pin()));
  Pair pair(client.get(), server.get());
  REQUIRE(pair.talks());
  CHECK(SSL_SESSION_is_resumable(SSL_get0_session(pair.client.get())) == 0);
}
