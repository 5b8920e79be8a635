#include "trust/openssl.hpp"

#include <fmt/format.h>

#include <openssl/err.h>

namespace dkvm::trust {

Error openssl_error(Errc code, std::string_view doing) {
  const unsigned long first = ERR_get_error();  // the later ones say who passed it on
  ERR_clear_error();
  const char* reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  return {code,
          fmt::format("{}: {}", doing, reason == nullptr ? "OpenSSL gave no reason" : reason)};
}

}  // namespace dkvm::trust
