#include "tools/dkvmctl/pair/stream.hpp"

#include "tools/dkvmctl/pair/limits.hpp"

#include <fmt/format.h>

#include <openssl/err.h>
#include <poll.h>

#include <array>
#include <utility>

namespace dkvm::ctl {
namespace {

tl::unexpected<Error> hung_up() { return fail(Errc::disconnected, "the other side has hung up"); }

}  // namespace

Result<PairStream> PairStream::start(Connected connected, const trust::Identity& own,
                                     trust::Role role) {
  DKVM_TRY(PairStream stream, begin(std::move(connected), own, role));
  DKVM_CHECK(stream.handshake());
  return stream;
}

Result<PairStream> PairStream::begin(Connected connected, const trust::Identity& own,
                                     trust::Role role) {
  const auto anybody = [](const trust::Fingerprint&) { return true; };
  DKVM_TRY(const auto context, trust::TlsContext::make(own, role, anybody));
  trust::SslPtr ssl(SSL_new(context.get()));
  if (!ssl || SSL_set_fd(ssl.get(), connected.socket.get()) != 1)
    return fail(trust::openssl_error(Errc::internal, "starting TLS"));
  if (role == trust::Role::server) {
    SSL_set_accept_state(ssl.get());
  } else {
    SSL_set_connect_state(ssl.get());
  }
  return PairStream(std::move(connected), std::move(ssl));
}

Result<> PairStream::handshake() {
  const auto until = PairClock::now() + kPairStepTimeMax;
  for (;;) {
    DKVM_TRY(const bool done, go_on());
    if (done) return {};
    DKVM_CHECK(wait_ready(fd(), waits_for(), until));
  }
}

// As far as the socket allows. True: hands are shaken.
Result<bool> PairStream::go_on() {
  if (SSL_is_init_finished(ssl_.get()) == 1) return true;
  ERR_clear_error();
  if (const int done = SSL_do_handshake(ssl_.get()); done != 1) {
    const int error = SSL_get_error(ssl_.get(), done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    if (error == SSL_ERROR_SSL)
      return fail(trust::openssl_error(Errc::denied,
                                       "the other side is no dKVM that pairs: TLS handshake"));
    ERR_clear_error();
    return hung_up();
  }
  const auto peer = trust::peer_of(ssl_.get());
  if (!peer) return fail(Errc::denied, "the other side has no certificate");
  peer_ = *peer;
  return true;
}

Result<bool> PairStream::has_spoken() {
  DKVM_TRY(const bool shaken, go_on());
  if (!shaken) return false;
  if (!first_) {
    DKVM_TRY(first_, next());
  }
  return first_.has_value();
}

short PairStream::waits_for() const { return SSL_want_write(ssl_.get()) ? POLLOUT : POLLIN; }

// Waits for what OpenSSL wants before it goes on.
Result<> PairStream::wait_for(int ssl_error, PairClock::time_point until) const {
  if (ssl_error == SSL_ERROR_WANT_READ) return wait_ready(fd(), POLLIN, until);
  if (ssl_error == SSL_ERROR_WANT_WRITE) return wait_ready(fd(), POLLOUT, until);
  ERR_clear_error();
  return hung_up();
}

Result<> PairStream::send(const trust::PairingMessage& message) {
  const auto bytes = trust::encode(message);
  const auto until = PairClock::now() + kPairStepTimeMax;
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    std::size_t taken = 0;
    ERR_clear_error();
    const int done = SSL_write_ex(ssl_.get(), bytes.data() + sent, bytes.size() - sent, &taken);
    if (done == 1) {
      sent += taken;
    } else {
      DKVM_CHECK(wait_for(SSL_get_error(ssl_.get(), done), until));
    }
  }
  return {};
}

Result<std::optional<trust::PairingMessage>> PairStream::next() {
  if (first_) return std::exchange(first_, std::nullopt);
  for (;;) {
    if (auto message = trust::take_message(received_)) return message;
    const std::size_t before = received_.size();
    DKVM_CHECK(read());
    if (received_.size() == before) return std::nullopt;
  }
}

// Some of what is there; nothing when nothing is.
Result<> PairStream::read() {
  std::array<std::uint8_t, 512> bytes;
  std::size_t got = 0;
  ERR_clear_error();
  const int done = SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &got);
  if (done != 1 && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) return hung_up();
  received_.insert(received_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(done == 1 ? got : 0));
  return {};
}

Result<trust::PairingMessage> PairStream::receive(PairClock::time_point until) {
  for (;;) {
    DKVM_TRY(auto message, next());
    if (message) return std::move(*message);
    DKVM_CHECK(wait_ready(fd(), POLLIN, until));
  }
}

}  // namespace dkvm::ctl
