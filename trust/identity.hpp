#pragma once

#include "trust/fingerprint.hpp"
#include "trust/openssl.hpp"

#include <dkvm/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dkvm::trust {

enum class KeyKind { p256, ed25519 };

// What a kernel is to its peers: a key, and a certificate that it signed itself.
// They lie in a folder as `identity.key` (0600) and `identity.crt`, both PEM.
class Identity {
 public:
  // Errors: Errc::not_found where there is none; Errc::denied when others can
  // read the key; Errc::invalid when the two do not belong together. Each says
  // what to do.
  static Result<Identity> load(const std::filesystem::path& folder);

  // A new one, valid for ten years, whose certificate bears this name.
  // Errors: Errc::invalid when there is one, which stays as it is.
  static Result<Identity> make(const std::filesystem::path& folder, KeyKind kind,
                               std::string_view name);

  // A new one in place of that which is there. The old one is kept beside it,
  // as `identity.key.old` and `identity.crt.old`, until one of the two below.
  // Peers know neither key nor name of the new one: they pair anew.
  // Errors: Errc::not_found without an identity; Errc::invalid while an old one
  // is still kept.
  static Result<Identity> rotate(const std::filesystem::path& folder, KeyKind kind,
                                 std::string_view name);
  // Forgets the old one for good. Errors: Errc::not_found without an old one.
  static Result<> confirm_rotation(const std::filesystem::path& folder);
  // Puts the old one back and forgets the new one. Errors: the same.
  static Result<Identity> undo_rotation(const std::filesystem::path& folder);
  static bool is_rotated(const std::filesystem::path& folder);

  const Fingerprint& fingerprint() const { return fingerprint_; }
  std::string name() const;  // of the certificate; says nothing about whom one may trust
  std::string kind() const;  // p256, ed25519, or what OpenSSL calls another
  std::chrono::sys_seconds not_after() const;

  // Life: of the identity; never null.
  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  Identity(KeyPtr key, CertificatePtr certificate);
  static Result<Identity> generate(KeyKind kind, std::string_view name);
  static Result<Identity> read(const std::filesystem::path& folder);

  KeyPtr key_;
  CertificatePtr certificate_;
  Fingerprint fingerprint_;
};

// When a certificate ends.
std::chrono::sys_seconds expires(const X509* certificate);

// What to tell people when that is near or past. Nobody is locked out by it:
// the pin is the trust.
std::optional<std::string> expiry_warning(std::chrono::sys_seconds not_after,
                                          std::chrono::sys_seconds now);

}  // namespace dkvm::trust
