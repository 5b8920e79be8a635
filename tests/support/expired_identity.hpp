#pragma once

#include "trust/certificate.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace dkvm::test {

// Signs an identity's certificate anew as one that ended yesterday. Its
// fingerprint changes.
inline void let_expire(const std::filesystem::path& folder) {
  const auto identity = trust::Identity::load(folder);
  if (!identity) throw std::runtime_error(identity.error().message());
  X509* certificate = identity->certificate();
  const bool hashes_itself = EVP_PKEY_get_base_id(identity->key()) == EVP_PKEY_ED25519;
  X509_gmtime_adj(X509_getm_notBefore(certificate), -20 * 86'400L);
  X509_gmtime_adj(X509_getm_notAfter(certificate), -86'400L);
  if (X509_sign(certificate, identity->key(), hashes_itself ? nullptr : EVP_sha256()) == 0)
    throw std::runtime_error("no certificate can be signed");
  std::ofstream(folder / "identity.crt", std::ios::trunc) << *trust::to_pem(certificate);
}

}  // namespace dkvm::test
