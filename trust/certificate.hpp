#pragma once

#include "trust/identity.hpp"
#include "trust/openssl.hpp"

#include <string>

// Keys and certificates, made and as text.
namespace dkvm::trust {

Result<KeyPtr> make_key(KeyKind kind);

// Signed by its own key; for both sides of TLS, and for nothing else.
Result<CertificatePtr> make_certificate(EVP_PKEY* key, std::string_view name);

Result<std::string> to_pem(EVP_PKEY* key);
Result<std::string> to_pem(X509* certificate);
Result<KeyPtr> key_from_pem(const std::string& pem);  // one without a password
Result<CertificatePtr> certificate_from_pem(const std::string& pem);

}  // namespace dkvm::trust
