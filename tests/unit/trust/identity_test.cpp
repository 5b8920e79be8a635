#include "trust/identity.hpp"

#include "tests/support/expired_identity.hpp"
#include "tests/support/temp_dir.hpp"
#include "trust/certificate.hpp"
#include "trust/folder.hpp"

#include <catch2/catch.hpp>

#include <openssl/pem.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

using namespace dkvm;
using namespace dkvm::trust;
using dkvm::test::TempDir;

namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& path) {
  struct stat seen {};
  REQUIRE(::stat(path.c_str(), &seen) == 0);
  return seen.st_mode & 07777;
}

std::string reason(const Result<Identity>& identity) {
  REQUIRE_FALSE(identity);
  return identity.error().message();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Home {
  TempDir directory;
  fs::path folder = directory.path() / "config/dkvm";

  Identity make(KeyKind kind = KeyKind::p256) const {
    auto identity = Identity::make(folder, kind, "desk");
    REQUIRE(identity);
    return std::move(*identity);
  }
};

}  // namespace

TEST_CASE(
    "an identity is made with a key that its owner alone can read, and loads as it was made") {
  for (const auto& [kind, name] :
       {std::pair(KeyKind::p256, "p256"), {KeyKind::ed25519, "ed25519"}}) {
    const Home home;
    const Identity made = home.make(kind);
    CHECK(mode_of(home.folder) == 0700);
    CHECK(mode_of(home.folder / "identity.key") == 0600);
    CHECK(made.kind() == name);
    CHECK(made.name() == "desk");
    const auto loaded = Identity::load(home.folder);
    REQUIRE(loaded);
    CHECK(loaded->fingerprint() == made.fingerprint());
    CHECK(loaded->kind() == name);
    const auto years =
        (loaded->not_after() - std::chrono::system_clock::now()) / std::chrono::hours(24 * 365);
    CHECK(years == 10);
  }
}

TEST_CASE("a mask that lets everybody read does not reach the key") {
  const Home home;
  const mode_t before = ::umask(0);
  home.make();
  ::umask(before);
  CHECK(mode_of(home.folder / "identity.key") == 0600);
  CHECK(mode_of(home.folder) == 0700);
}

TEST_CASE("an identity that is there is not overwritten") {
  const Home home;
  const Identity first = home.make();
  CHECK(has(reason(Identity::make(home.folder, KeyKind::p256, "desk")), "stays as it is"));
  CHECK(Identity::load(home.folder)->fingerprint() == first.fingerprint());
}

TEST_CASE("without an identity the error says how to make one") {
  const Home home;
  const auto missing = Identity::load(home.folder);
  CHECK(has(reason(missing), "`dkvmctl identity make`"));
  CHECK(missing.error().code() == Errc::not_found);
}

TEST_CASE("a key that others can read is refused, with what to do") {
  const Home home;
  home.make();
  for (const fs::perms open : {fs::perms::group_read, fs::perms::others_read}) {
    fs::permissions(home.folder / "identity.key", fs::perms::owner_read | open);
    const auto refused = Identity::load(home.folder);
    CHECK(has(reason(refused), "chmod 600 " + (home.folder / "identity.key").string()));
    CHECK(refused.error().code() == Errc::denied);
  }
  fs::permissions(home.folder / "identity.key", fs::perms::owner_read);
  CHECK(Identity::load(home.folder));
}

TEST_CASE("a certificate, or a folder, that others can change is refused") {
  const Home home;
  home.make();
  fs::permissions(home.folder / "identity.crt", fs::perms(0646));
  CHECK(has(reason(Identity::load(home.folder)), "has mode 0646: others can change it"));
  fs::permissions(home.folder / "identity.crt", fs::perms(0644));
  CHECK(Identity::load(home.folder));
  fs::permissions(home.folder, fs::perms(0770));
  CHECK(has(reason(Identity::rotate(home.folder, KeyKind::p256, "desk")), "`chmod go-w"));
}

TEST_CASE("a key and a certificate that do not belong together are refused") {
  const Home home;
  const Home other;
  home.make();
  other.make();
  fs::copy_file(other.folder / "identity.crt", home.folder / "identity.crt",
                fs::copy_options::overwrite_existing);
  CHECK(has(reason(Identity::load(home.folder)), "is not the certificate of"));
  fs::remove(home.folder / "identity.crt");
  CHECK(has(reason(Identity::load(home.folder)), "is there without its certificate"));
}

TEST_CASE("files that hold something else are refused by their names") {
  const Home home;
  home.make();
  const std::string key = home.folder / "identity.key";
  const auto write = [&](const std::string& text) { std::ofstream(key, std::ios::trunc) << text; };
  write("not a key");
  CHECK(has(reason(Identity::load(home.folder)), key + ": is no private key in PEM"));
  write("");
  CHECK(has(reason(Identity::load(home.folder)), key + ": is no private key in PEM"));
  write(std::string(100'000, 'x'));
  CHECK(has(reason(Identity::load(home.folder)), key + " is longer than 65536 bytes"));
  fs::remove(key);
  REQUIRE(::mkfifo(key.c_str(), 0600) == 0);
  CHECK(has(reason(Identity::load(home.folder)), key + " is no regular file"));
}

TEST_CASE("a key with a password is refused, and nobody is asked for it") {
  const Home home;
  const Identity made = home.make();
  const BioPtr memory(BIO_new(BIO_s_mem()));
  unsigned char password[] = "secret";
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(memory.get(), made.key(), EVP_aes_256_cbc(),
                                        reinterpret_cast<char*>(password), 6, nullptr,
                                        nullptr) == 1);
  char* bytes = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory.get(), &bytes));
  std::ofstream(home.folder / "identity.key", std::ios::trunc) << std::string(bytes, size);
  CHECK(has(reason(Identity::load(home.folder)), "without a password"));
}

TEST_CASE("a rotation keeps the old key until it is confirmed") {
  const Home home;
  const Identity first = home.make();
  const auto second = Identity::rotate(home.folder, KeyKind::ed25519, "desk");
  REQUIRE(second);
  CHECK(second->fingerprint() != first.fingerprint());
  CHECK(Identity::load(home.folder)->fingerprint() == second->fingerprint());
  CHECK(Identity::is_rotated(home.folder));
  CHECK(mode_of(home.folder / "identity.key.old") == 0600);
  CHECK(has(reason(Identity::rotate(home.folder, KeyKind::p256, "desk")), "--confirm"));
  REQUIRE(Identity::confirm_rotation(home.folder));
  CHECK_FALSE(Identity::is_rotated(home.folder));
  CHECK_FALSE(fs::exists(home.folder / "identity.crt.old"));
  CHECK(Identity::load(home.folder)->fingerprint() == second->fingerprint());
  CHECK(Identity::confirm_rotation(home.folder).error().code() == Errc::not_found);
}

TEST_CASE("a rotation is undone, also one that was killed half-way") {
  const Home home;
  const Identity first = home.make();
  REQUIRE(Identity::rotate(home.folder, KeyKind::p256, "desk"));
  const auto back = Identity::undo_rotation(home.folder);
  REQUIRE(back);
  CHECK(back->fingerprint() == first.fingerprint());
  CHECK_FALSE(Identity::is_rotated(home.folder));
  CHECK_FALSE(Identity::undo_rotation(home.folder));

  fs::copy_file(home.folder / "identity.crt", home.directory.path() / "first.crt");
  REQUIRE(Identity::rotate(home.folder, KeyKind::p256, "desk"));
  fs::copy_file(home.directory.path() / "first.crt", home.folder / "identity.crt",
                fs::copy_options::overwrite_existing);  // as if the new one had not come yet
  CHECK(has(reason(Identity::load(home.folder)), "rotate --undo"));
  CHECK_FALSE(Identity::confirm_rotation(home.folder));
  REQUIRE(Identity::undo_rotation(home.folder));
  CHECK(Identity::load(home.folder)->fingerprint() == first.fingerprint());
}

TEST_CASE("a folder that another program is changing is waited for, not for ever") {
  const Home home;
  home.make();
  const detail::Fd lock(::open((home.folder / ".lock").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
  const auto refused = Folder::open(home.folder);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::overloaded);
  REQUIRE(::flock(lock.get(), LOCK_UN) == 0);
  CHECK(Folder::open(home.folder));
}

TEST_CASE("an end that is near or past is warned of, with what to do") {
  const std::chrono::sys_seconds now{std::chrono::hours(24 * 20'000)};  // 2024-10-04
  CHECK_FALSE(expiry_warning(now + std::chrono::hours(24 * 31), now));
  const auto near = expiry_warning(now + std::chrono::hours(24 * 29), now);
  REQUIRE(near);
  CHECK(has(*near, "ends on 2024-11-02"));
  CHECK(has(*near, "links go on"));
  CHECK(has(*expiry_warning(now - std::chrono::hours(24), now), "ended on 2024-10-03"));
}

TEST_CASE("an identity whose certificate has ended loads") {
  const Home home;
  home.make();
  test::let_expire(home.folder);
  const auto ended = Identity::load(home.folder);
  REQUIRE(ended);
  CHECK(ended->not_after() < std::chrono::system_clock::now());
}
