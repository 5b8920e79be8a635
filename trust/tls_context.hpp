#pragma once

#include "trust/fingerprint.hpp"
#include "trust/identity.hpp"
#include "trust/openssl.hpp"

#include <dkvm/result.hpp>

#include <functional>
#include <optional>

namespace dkvm::trust {

enum class Role { client, server };

// Asked in each handshake, on the thread that makes it; must not throw.
using Trusted = std::function<bool(const Fingerprint&)>;

// What TLS between kernels is: version 1.3 alone, both sides with a
// certificate, of which the SHA-256 decides and nothing else does: no chain, no
// name, no date. No sessions are resumed, nothing is compressed; whoever is
// refused gets the alert `unknown ca`.
class TlsContext {
 public:
  // Errors: Errc::invalid when the identity's key cannot be used.
  static Result<TlsContext> make(const Identity& identity, Role role, Trusted trusted);

  // Life: connections made from it keep what they need of it, `trusted` too.
  SSL_CTX* get() const { return context_.get(); }

 private:
  explicit TlsContext(SslCtxPtr context) : context_(std::move(context)) {}
  SslCtxPtr context_;
};

// Who is on the other side, once its certificate has come.
std::optional<Fingerprint> peer_of(const SSL* connection);

}  // namespace dkvm::trust
