#include "trust/folder.hpp"

#include "trust/limits.hpp"

#include <dkvm/detail/peer_linux.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace dkvm::trust {
namespace {

constexpr const char* kLockFile = ".lock";
constexpr std::chrono::milliseconds kLockPause{10};
constexpr mode_t kOthersRead = 0077;
constexpr mode_t kOthersWrite = 0022;

Error system_error(std::string_view doing, const std::filesystem::path& path) {
  const int number = errno;
  const Errc code = number == ENOENT                      ? Errc::not_found
                    : number == EACCES || number == EPERM ? Errc::denied
                                                          : Errc::invalid;
  return {code, fmt::format("{} {}: {}", doing, path.string(), std::strerror(number))};
}

Result<> check_owner(const struct stat& seen, const std::filesystem::path& path) {
  if (detail::trusted_peer(seen.st_uid, ::geteuid())) return {};
  return fail(Errc::denied,
              fmt::format("{} belongs to user {}, expected user {} or root: chown it, or name "
                          "another folder",
                          path.string(), seen.st_uid, ::geteuid()));
}

Result<> check_mode(const struct stat& seen, const std::filesystem::path& path, Privacy privacy) {
  const unsigned mode = seen.st_mode & 07777;
  if (privacy == Privacy::secret && (mode & kOthersRead) != 0)
    return fail(Errc::denied,
                fmt::format("{0} has mode {1:04o}: others can read it, so it is no secret any "
                            "more. If nobody has, `chmod 600 {0}`; else make another identity",
                            path.string(), mode));
  if ((mode & kOthersWrite) != 0)
    return fail(Errc::denied, fmt::format("{0} has mode {1:04o}: others can change it. "
                                          "`chmod go-w {0}`, when its content is what you expect",
                                          path.string(), mode));
  return {};
}

Result<> write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) return fail(Errc::exhausted, std::strerror(errno));
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// No more than one byte over the limit is read.
Result<std::string> read_all(int fd, std::size_t bytes_max) {
  std::string content(bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = ::read(fd, content.data() + filled, content.size() - filled);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return fail(Errc::invalid, std::strerror(errno));
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  content.resize(filled);
  return content;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, Privacy privacy,
                              std::size_t bytes_max) {
  // Not blocking: a pipe in its place would keep us waiting.
  const detail::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail(system_error("opening", path));
  struct stat seen {};
  if (::fstat(file.get(), &seen) != 0) return fail(system_error("looking at", path));
  if (!S_ISREG(seen.st_mode))
    return fail(Errc::invalid, fmt::format("{} is no regular file", path.string()));
  DKVM_CHECK(check_owner(seen, path));
  DKVM_CHECK(check_mode(seen, path, privacy));
  auto content = read_all(file.get(), bytes_max);
  if (!content) return fail(std::move(content).error().within("reading " + path.string()));
  if (content->size() > bytes_max)
    return fail(Errc::invalid, fmt::format("{} is longer than {} bytes", path.string(), bytes_max));
  return std::move(*content);
}

Result<Folder> Folder::open(const std::filesystem::path& path) {
  std::error_code failure;
  const auto parent = std::filesystem::absolute(path, failure).parent_path();
  std::filesystem::create_directories(parent, failure);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(system_error("making the folder", path));
  detail::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(system_error("opening the folder", path));
  struct stat seen {};
  if (::fstat(fd.get(), &seen) != 0) return fail(system_error("looking at", path));
  DKVM_CHECK(check_owner(seen, path));
  DKVM_CHECK(check_mode(seen, path, Privacy::guarded));
  Folder folder(path, std::move(fd));
  DKVM_CHECK(folder.lock());
  return folder;
}

// A file of its own, that nobody else can open: whoever can, could keep us out.
Result<> Folder::lock() {
  lock_ = detail::Fd(::openat(folder_.get(), kLockFile,
                              O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!lock_) return fail(failed("locking with", kLockFile));
  const auto until = std::chrono::steady_clock::now() + kLockTimeMax;
  while (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail(failed("locking", kLockFile));
    if (std::chrono::steady_clock::now() >= until)
      return fail(Errc::overloaded,
                  fmt::format("another program has been changing {} for {} s: try again when it "
                              "has ended",
                              path_.string(), kLockTimeMax.count() / 1000));
    std::this_thread::sleep_for(kLockPause);
  }
  return {};
}

Result<> Folder::replace(std::string_view name, std::string_view content) {
  const std::string final_name(name);
  const std::string draft = fmt::format(".{}.new", name);
  ::unlinkat(folder_.get(), draft.c_str(), 0);  // of a program that was killed
  detail::Fd file(::openat(folder_.get(), draft.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail(failed("making", draft));
  auto written = write_all(file.get(), content);
  if (written && ::fsync(file.get()) != 0) written = fail(Errc::exhausted, std::strerror(errno));
  if (!written) {
    ::unlinkat(folder_.get(), draft.c_str(), 0);
    return fail(std::move(written).error().within("writing " + (path_ / final_name).string()));
  }
  return rename(draft, final_name);
}

Result<> Folder::rename(std::string_view from, std::string_view to) {
  const std::string old_name(from);
  const std::string new_name(to);
  if (::renameat(folder_.get(), old_name.c_str(), folder_.get(), new_name.c_str()) != 0)
    return fail(failed("putting in place", new_name));
  if (::fsync(folder_.get()) != 0) return fail(failed("keeping", new_name));
  return {};
}

Result<> Folder::remove(std::string_view name) {
  const std::string doomed(name);
  if (::unlinkat(folder_.get(), doomed.c_str(), 0) != 0 && errno != ENOENT)
    return fail(failed("removing", doomed));
  if (::fsync(folder_.get()) != 0) return fail(failed("removing", doomed));
  return {};
}

bool Folder::has(std::string_view name) const {
  struct stat seen {};
  return ::fstatat(folder_.get(), std::string(name).c_str(), &seen, AT_SYMLINK_NOFOLLOW) == 0;
}

Error Folder::failed(std::string_view doing, std::string_view name) const {
  return system_error(doing, path_ / std::string(name));
}

}  // namespace dkvm::trust
