#include "tools/dkvmctl/new_file.hpp"

#include <dkvm/detail/fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace dkvm::ctl {
namespace {

tl::unexpected<Error> failed(const char* doing, const std::filesystem::path& path) {
  return fail(Errc::denied, fmt::format("{} {}: {}", doing, path.string(), std::strerror(errno)));
}

Result<> write_all(int fd, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("writing", path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// The new file gets its name when it is whole.
Result<> give_name(const std::string& made, const std::filesystem::path& path, IfThere if_there) {
  if (if_there == IfThere::replace)
    return ::rename(made.c_str(), path.c_str()) == 0 ? Result<>{} : failed("writing", path);
  if (::link(made.c_str(), path.c_str()) == 0) return {};
  if (errno == EEXIST)
    return fail(Errc::invalid, fmt::format("{} is there already", path.string()));
  return failed("writing", path);
}

}  // namespace

Result<> write_new_file(const std::filesystem::path& path, std::string_view text, IfThere if_there,
                        mode_t mode) {
  std::string made = path.string() + ".XXXXXX";
  const detail::Fd file(::mkostemp(made.data(), O_CLOEXEC));
  if (!file) return failed("making", path);
  auto done = write_all(file.get(), text, path);
  if (done && ::fchmod(file.get(), mode) != 0) done = failed("writing", path);
  if (done) done = give_name(made, path, if_there);
  ::unlink(made.c_str());  // renamed already, or of no use
  return done;
}

}  // namespace dkvm::ctl
