#include "devices/tcp/transport/tls_stream.hpp"

#include "trust/tls_context.hpp"

#include <fmt/format.h>

#include <linux/sockios.h>
#include <linux/tcp.h>  // its tcp_info is longer than that of <netinet/tcp.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace dkvm::tcp {
namespace {

constexpr std::uint64_t kNsPerUs = 1000;

int clipped(std::size_t bytes) { return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)); }

// OpenSSL's reason for an alert that the peer has sent is this and the alert's number.
bool is_alert(int reason) { return reason >= SSL_AD_REASON_OFFSET; }

// Alerts by which a peer says that it does not want who we are.
bool is_refusal(int alert) {
  switch (alert) {
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

Error meaning_of(unsigned long code, const char* doing) {
  const int reason = ERR_GET_REASON(code);
  const char* known = ERR_reason_error_string(code);
  const std::string words = known != nullptr ? known : "unknown reason";
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && is_alert(reason)) {
    if (is_refusal(reason - SSL_AD_REASON_OFFSET))
      return {Errc::denied, fmt::format("the other side does not trust this one's certificate "
                                        "(its words: {})",
                                        words)};
    return {Errc::disconnected, fmt::format("{}: the other side says: {}", doing, words)};
  }
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return {Errc::denied, "the other side's certificate is not trusted here"};
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return {Errc::denied, "the other side has shown no certificate"};
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return {Errc::disconnected, fmt::format("{}: the other side has closed the connection", doing)};
  return {Errc::corrupt, fmt::format("{}: {}", doing, words)};
}

}  // namespace

Result<TlsStream> TlsStream::start(Fd socket, SSL_CTX* context, Role role) {
  trust::SslPtr ssl(SSL_new(context));
  if (!ssl || SSL_set_fd(ssl.get(), socket.get()) != 1)
    return fail(trust::openssl_error(Errc::exhausted, "beginning TLS"));
  if (role == Role::server)
    SSL_set_accept_state(ssl.get());
  else
    SSL_set_connect_state(ssl.get());
  return TlsStream(std::move(socket), std::move(ssl));
}

Result<bool> TlsStream::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned != 1) {
    DKVM_TRY([[maybe_unused]] const std::size_t none,
             later_or_error(returned, "the TLS handshake"));
    return false;
  }
  wants_write_ = false;
  const auto peer = trust::peer_of(ssl_.get());
  if (!peer) return fail(Errc::denied, "the other side has shown no certificate");
  peer_ = *peer;
  return true;
}

Result<std::size_t> TlsStream::read(std::span<std::byte> into) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), into.data(), clipped(into.size()));
  if (got <= 0) return later_or_error(got, "reading");
  wants_write_ = false;
  return static_cast<std::size_t>(got);
}

Result<std::size_t> TlsStream::write(Bytes bytes) {
  ERR_clear_error();
  const int taken = SSL_write(ssl_.get(), bytes.data(), clipped(bytes.size()));
  if (taken <= 0) return later_or_error(taken, "writing");
  wants_write_ = false;
  return static_cast<std::size_t>(taken);
}

Result<> TlsStream::write_whole(Bytes bytes) {
  DKVM_TRY(const std::size_t taken, write(bytes));
  if (taken == bytes.size()) return {};
  return fail(Errc::overloaded,
              fmt::format("writing: the connection took {} of {} bytes", taken, bytes.size()));
}

bool TlsStream::pending() const { return SSL_pending(ssl_.get()) > 0; }

Result<std::size_t> TlsStream::later_or_error(int returned, const char* doing) {
  const int system = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ: wants_write_ = false; return 0;
    case SSL_ERROR_WANT_WRITE: wants_write_ = true; return 0;
    case SSL_ERROR_ZERO_RETURN:
      return fail(Errc::disconnected,
                  fmt::format("{}: the other side has closed the connection", doing));
    case SSL_ERROR_SYSCALL:
      return fail(Errc::disconnected, system == 0
                                          ? fmt::format("{}: the connection has ended", doing)
                                          : fmt::format("{}: {}", doing, std::strerror(system)));
    default: break;
  }
  Error error = meaning_of(ERR_peek_error(), doing);
  ERR_clear_error();
  return fail(std::move(error));
}

std::size_t TlsStream::unacked() const {
  int bytes = 0;
  return ::ioctl(fd(), SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t TlsStream::unsent() const {
  int bytes = 0;
  return ::ioctl(fd(), SIOCOUTQNSD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

TcpFigures TlsStream::figures() const {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  TcpFigures figures;
  figures.rtt_ns = info.tcpi_rtt * kNsPerUs;
  figures.min_rtt_ns = info.tcpi_min_rtt * kNsPerUs;
  figures.acked_bytes = info.tcpi_bytes_acked;
  figures.mss_bytes = info.tcpi_snd_mss;
  return figures;
}

void TlsStream::read_ahead() { SSL_set_read_ahead(ssl_.get(), 1); }

void TlsStream::shut() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace dkvm::tcp
