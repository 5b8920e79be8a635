#include "trust/certificate.hpp"

#include "trust/limits.hpp"

#include <fmt/format.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>

namespace dkvm::trust {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;

constexpr std::size_t kSerialBytes = 16;

bool set_serial(X509* certificate) {
  std::array<unsigned char, kSerialBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7F;  // a serial number is positive
  const NumberPtr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, std::string_view name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const std::string text(name);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

bool set_validity(X509* certificate) {
  using std::chrono::seconds;
  return X509_gmtime_adj(X509_getm_notBefore(certificate), -seconds(kValidBefore).count()) &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), seconds(kValidFor).count());
}

bool add_extension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, std::string_view name) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         set_name(certificate, name) && set_validity(certificate) &&
         X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
         add_extension(certificate, NID_subject_key_identifier, "hash");
}

std::string text_in(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return size <= 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

BioPtr reading(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// OpenSSL would ask on the terminal.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

Result<KeyPtr> make_key(KeyKind kind) {
  KeyPtr key(kind == KeyKind::ed25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                      : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return fail(openssl_error(Errc::internal, "making a key"));
  return key;
}

Result<CertificatePtr> make_certificate(EVP_PKEY* key, std::string_view name) {
  CertificatePtr certificate(X509_new());
  const bool hashes_itself = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  if (!certificate || !fill(certificate.get(), key, name) ||
      X509_sign(certificate.get(), key, hashes_itself ? nullptr : EVP_sha256()) == 0)
    return fail(openssl_error(Errc::internal, "making a certificate"));
  return certificate;
}

Result<std::string> to_pem(EVP_PKEY* key) {
  const BioPtr memory(BIO_new(BIO_s_secmem()));
  if (!memory ||
      PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail(openssl_error(Errc::internal, "writing a key"));
  return text_in(memory.get());
}

Result<std::string> to_pem(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1)
    return fail(openssl_error(Errc::internal, "writing a certificate"));
  return text_in(memory.get());
}

Result<KeyPtr> key_from_pem(const std::string& pem) {
  const BioPtr memory = reading(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr));
  if (!key)
    return fail(openssl_error(Errc::invalid, "is no private key in PEM without a password"));
  return key;
}

Result<CertificatePtr> certificate_from_pem(const std::string& pem) {
  const BioPtr memory = reading(pem);
  CertificatePtr certificate(PEM_read_bio_X509(memory.get(), nullptr, no_password, nullptr));
  if (!certificate) return fail(openssl_error(Errc::invalid, "is no certificate in PEM"));
  return certificate;
}

}  // namespace dkvm::trust
