#pragma once

#include <dkvm/result.hpp>

#include <openssl/ossl_typ.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace dkvm::trust {

// Whom one talks to: the SHA-256 of a certificate in DER, and nothing else of it.
struct Fingerprint {
  std::array<std::uint8_t, 32> sha256{};

  // `sha256:` and 64 hexadecimal digits of either case; the colons between
  // bytes that `openssl x509 -fingerprint` prints may be there.
  // Errors: Errc::invalid, with what was expected.
  static Result<Fingerprint> parse(std::string_view text);
  static Fingerprint of(const X509* certificate);

  std::string text() const;        // sha256:… in lower case
  std::string short_text() const;  // its first 16 digits, for tables: not to be trusted by

  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

}  // namespace dkvm::trust
