#include "trust/identity.hpp"

#include "trust/certificate.hpp"
#include "trust/folder.hpp"
#include "trust/limits.hpp"
#include "trust/paths.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <thread>

namespace dkvm::trust {
namespace {

constexpr int kLoadAttemptsMax = 3;  // a rotation puts two files in place, one after the other
constexpr std::chrono::milliseconds kLoadPause{50};

std::string old(const char* name) { return std::string(name).append(kOldSuffix); }

Result<> save(Folder& folder, const Identity& identity) {
  DKVM_TRY(const std::string key, to_pem(identity.key()));
  DKVM_TRY(const std::string certificate, to_pem(identity.certificate()));
  DKVM_CHECK(folder.replace(kKeyFile, key));
  return folder.replace(kCertificateFile, certificate);
}

tl::unexpected<Error> no_old_one(const std::filesystem::path& folder) {
  return fail(Errc::not_found,
              fmt::format("{} keeps no old identity: none was rotated, or it has been confirmed",
                          folder.string()));
}

}  // namespace

Identity::Identity(KeyPtr key, CertificatePtr certificate)
    : key_(std::move(key)),
      certificate_(std::move(certificate)),
      fingerprint_(Fingerprint::of(certificate_.get())) {}

Result<Identity> Identity::generate(KeyKind kind, std::string_view name) {
  DKVM_TRY(KeyPtr key, make_key(kind));
  DKVM_TRY(CertificatePtr certificate, make_certificate(key.get(), name));
  return Identity(std::move(key), std::move(certificate));
}

Result<Identity> Identity::load(const std::filesystem::path& folder) {
  for (int attempt = 1;; ++attempt) {
    auto identity = read(folder);
    if (identity || identity.error().code() != Errc::invalid || attempt == kLoadAttemptsMax)
      return identity;
    std::this_thread::sleep_for(kLoadPause);
  }
}

Result<Identity> Identity::read(const std::filesystem::path& folder) {
  const auto key_path = folder / kKeyFile;
  const auto certificate_path = folder / kCertificateFile;
  const auto key_pem = read_file(key_path, Privacy::secret, kIdentityFileBytesMax);
  if (!key_pem && key_pem.error().code() == Errc::not_found)
    return fail(Errc::not_found,
                fmt::format("there is no identity in {}: `dkvmctl identity make` makes one",
                            folder.string()));
  if (!key_pem) return fail(key_pem.error());
  const auto pem = read_file(certificate_path, Privacy::guarded, kIdentityFileBytesMax);
  if (!pem && pem.error().code() == Errc::not_found)
    return fail(Errc::invalid,
                fmt::format("{} is there without its certificate {}: put that back, or remove the "
                            "key and make another identity",
                            key_path.string(), certificate_path.string()));
  if (!pem) return fail(pem.error());
  auto key = key_from_pem(*key_pem);
  if (!key) return fail(std::move(key).error().within(key_path.string()));
  auto certificate = certificate_from_pem(*pem);
  if (!certificate) return fail(std::move(certificate).error().within(certificate_path.string()));
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    openssl_error(Errc::invalid, "");  // what follows says it better
    return fail(Errc::invalid,
                fmt::format("{} is not the certificate of {}: put back the one that is{}",
                            certificate_path.string(), key_path.string(),
                            is_rotated(folder) ? "; `dkvmctl identity rotate --undo` puts back "
                                                 "both as they were before"
                                               : ""));
  }
  return Identity(std::move(*key), std::move(*certificate));
}

Result<Identity> Identity::make(const std::filesystem::path& folder, KeyKind kind,
                                std::string_view name) {
  DKVM_TRY(Folder locked, Folder::open(folder));
  for (const char* file : {kKeyFile, kCertificateFile})
    if (locked.has(file))
      return fail(Errc::invalid,
                  fmt::format("{} is there already, and stays as it is: `dkvmctl identity show` "
                              "shows it, `dkvmctl identity rotate` replaces it",
                              (folder / file).string()));
  DKVM_TRY(Identity identity, generate(kind, name));
  DKVM_CHECK(save(locked, identity));
  return identity;
}

Result<Identity> Identity::rotate(const std::filesystem::path& folder, KeyKind kind,
                                  std::string_view name) {
  DKVM_CHECK(load(folder));
  DKVM_TRY(Folder locked, Folder::open(folder));
  if (locked.has(old(kKeyFile)))
    return fail(Errc::invalid,
                fmt::format("{} is still there from the last time: `dkvmctl identity rotate "
                            "--confirm` forgets it, `--undo` puts it back",
                            (folder / old(kKeyFile)).string()));
  DKVM_TRY(const std::string key,
           read_file(folder / kKeyFile, Privacy::secret, kIdentityFileBytesMax));
  DKVM_TRY(const std::string certificate,
           read_file(folder / kCertificateFile, Privacy::guarded, kIdentityFileBytesMax));
  DKVM_TRY(Identity identity, generate(kind, name));
  // The certificate first: a key that is kept is what says that there is an old one.
  DKVM_CHECK(locked.replace(old(kCertificateFile), certificate));
  DKVM_CHECK(locked.replace(old(kKeyFile), key));
  DKVM_CHECK(save(locked, identity));
  return identity;
}

Result<> Identity::confirm_rotation(const std::filesystem::path& folder) {
  if (!is_rotated(folder)) return no_old_one(folder);
  DKVM_CHECK(load(folder));  // else the old one is the only one that works
  DKVM_TRY(Folder locked, Folder::open(folder));
  DKVM_CHECK(locked.remove(old(kKeyFile)));
  return locked.remove(old(kCertificateFile));
}

Result<Identity> Identity::undo_rotation(const std::filesystem::path& folder) {
  if (!is_rotated(folder)) return no_old_one(folder);
  {
    DKVM_TRY(Folder locked, Folder::open(folder));
    // The key last: until it is in place, this can be done again.
    if (locked.has(old(kCertificateFile)))
      DKVM_CHECK(locked.rename(old(kCertificateFile), kCertificateFile));
    DKVM_CHECK(locked.rename(old(kKeyFile), kKeyFile));
  }
  return load(folder);
}

bool Identity::is_rotated(const std::filesystem::path& folder) {
  std::error_code unseen;
  return std::filesystem::exists(folder / old(kKeyFile), unseen);
}

std::string Identity::name() const {
  const X509_NAME* subject = X509_get_subject_name(certificate_.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int bytes =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (bytes < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(bytes));
  OPENSSL_free(text);
  return name;
}

std::string Identity::kind() const {
  switch (EVP_PKEY_get_base_id(key_.get())) {
    case EVP_PKEY_ED25519: return "ed25519";
    case EVP_PKEY_EC:
      if (EVP_PKEY_get_bits(key_.get()) == 256) return "p256";
      break;
    default: break;
  }
  const char* name = EVP_PKEY_get0_type_name(key_.get());
  return name == nullptr ? "unknown" : fmt::format("{}-{}", name, EVP_PKEY_get_bits(key_.get()));
}

std::chrono::sys_seconds Identity::not_after() const { return expires(certificate_.get()); }

std::chrono::sys_seconds expires(const X509* certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&end)));
}

std::optional<std::string> expiry_warning(std::chrono::sys_seconds not_after,
                                          std::chrono::sys_seconds now) {
  if (not_after - now > kWarnedBefore) return std::nullopt;
  const std::string day =
      fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(not_after)));
  return fmt::format(
      "the certificate {} on {}; links go on, because peers trust it by its fingerprint. "
      "`dkvmctl identity rotate` makes a new one",
      not_after <= now ? "ended" : "ends", day);
}

}  // namespace dkvm::trust
