#include "tools/bench/peers/raw_tls.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>

namespace dkvm::bench {
namespace {

constexpr long kValidSeconds = 24 * 60 * 60;

tl::unexpected<Error> tls_failure(const std::string& what) {
  return fail(Errc::disconnected, what + ": " + ERR_reason_error_string(ERR_peek_last_error()));
}

// A P-256 key and a certificate that it signed, as our identities are.
bool certify(SSL_CTX* context) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidSeconds);
  X509_set_pubkey(certificate.get(), key.get());
  return X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0 &&
         SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

Result<RawTls> RawTls::start(int fd, Side side) {
  RawTls tls;
  tls.context_.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX_set_min_proto_version(tls.context_.get(), TLS1_3_VERSION);
  SSL_CTX_set_num_tickets(tls.context_.get(), 0);
  if (side == Side::server && !certify(tls.context_.get())) return tls_failure("a certificate");
  tls.ssl_.reset(SSL_new(tls.context_.get()));
  SSL_set_fd(tls.ssl_.get(), fd);
  const int done = side == Side::server ? SSL_accept(tls.ssl_.get()) : SSL_connect(tls.ssl_.get());
  if (done != 1) return tls_failure("the handshake");
  return tls;
}

bool RawTls::write(Bytes bytes) {
  std::size_t written = 0;
  return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1;
}

std::size_t RawTls::read(std::span<std::byte> bytes) {
  std::size_t got = 0;
  return SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &got) == 1 ? got : 0;
}

}  // namespace dkvm::bench
