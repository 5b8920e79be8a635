#include "trust/tls_context.hpp"

#include "trust/limits.hpp"

#include <memory>

namespace dkvm::trust {
namespace {

void free_trusted(void*, void* trusted, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Trusted*>(trusted);
}

// Where a context keeps its `trusted`, which then goes when it goes.
int trusted_index() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, free_trusted);
  return index;
}

// In place of OpenSSL's own check of the chain.
int verify(X509_STORE_CTX* presented, void* trusted) {
  const X509* leaf = X509_STORE_CTX_get0_cert(presented);
  if (leaf != nullptr && (*static_cast<const Trusted*>(trusted))(Fingerprint::of(leaf))) {
    X509_STORE_CTX_set_error(presented, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(presented, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);  // → unknown ca
  return 0;
}

bool set_protocol(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kCertificateListBytesMax);
  return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1;
}

bool set_trust(SSL_CTX* context, Trusted trusted) {
  auto kept = std::make_unique<Trusted>(std::move(trusted));
  if (SSL_CTX_set_ex_data(context, trusted_index(), kept.get()) != 1) return false;
  SSL_CTX_set_cert_verify_callback(context, verify, kept.release());  // free_trusted() frees it
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

}  // namespace

Result<TlsContext> TlsContext::make(const Identity& identity, Role role, Trusted trusted) {
  SslCtxPtr context(SSL_CTX_new(role == Role::server ? TLS_server_method() : TLS_client_method()));
  if (!context || !set_protocol(context.get()) || !set_trust(context.get(), std::move(trusted)))
    return fail(openssl_error(Errc::internal, "setting up TLS"));
  if (SSL_CTX_use_certificate(context.get(), identity.certificate()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), identity.key()) != 1)
    return fail(openssl_error(Errc::invalid, "using the identity for TLS"));
  return TlsContext(std::move(context));
}

std::optional<Fingerprint> peer_of(const SSL* connection) {
  const X509* certificate = SSL_get0_peer_certificate(connection);
  return certificate == nullptr ? std::nullopt : std::optional(Fingerprint::of(certificate));
}

}  // namespace dkvm::trust
