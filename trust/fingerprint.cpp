#include "trust/fingerprint.hpp"

#include <fmt/format.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <optional>

namespace dkvm::trust {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::size_t kShownOfWrongMax = 100;

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::string without_colons(std::string_view digits) {
  std::string plain;
  for (std::size_t at = 0; at < digits.size(); ++at)
    if (digits[at] != ':' || at % 3 != 2 || at + 1 == digits.size()) plain += digits[at];
  return plain;
}

}  // namespace

Result<Fingerprint> Fingerprint::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::invalid, fmt::format("'{}' is no fingerprint, expected sha256: and 64 "
                                           "hexadecimal digits",
                                           text.substr(0, kShownOfWrongMax)));
  };
  if (!text.starts_with(kPrefix)) return wrong();
  Fingerprint parsed;
  const std::string digits = without_colons(text.substr(kPrefix.size()));
  if (digits.size() != 2 * parsed.sha256.size()) return wrong();
  for (std::size_t at = 0; at < parsed.sha256.size(); ++at) {
    const auto high = digit(digits[2 * at]);
    const auto low = digit(digits[2 * at + 1]);
    if (!high || !low) return wrong();
    parsed.sha256[at] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  return parsed;
}

Fingerprint Fingerprint::of(const X509* certificate) {
  Fingerprint print;
  unsigned int bytes = 0;
  if (X509_digest(certificate, EVP_sha256(), print.sha256.data(), &bytes) != 1 ||
      bytes != print.sha256.size())
    std::abort();  // a certificate that has been parsed has a digest
  return print;
}

std::string Fingerprint::text() const {
  return fmt::format("{}{:02x}", kPrefix, fmt::join(sha256, ""));
}

std::string Fingerprint::short_text() const { return text().substr(0, kPrefix.size() + 16); }

}  // namespace dkvm::trust
