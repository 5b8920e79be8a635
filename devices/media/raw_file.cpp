#include "devices/media/raw_file.hpp"

#include <dkvm/fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dkvm::media {
namespace {

tl::unexpected<Error> failed(Errc code, const char* doing, const std::string& path) {
  return fail(code, std::string(doing) + " '" + path + "': " + std::strerror(errno));
}

class RawReader final : public PictureReader {
 public:
  RawReader(Fd fd, std::string path, const PictureWish& wish)
      : fd_(std::move(fd)), path_(std::move(path)), wish_(wish) {}

  std::uint32_t width() const override { return wish_.width; }
  std::uint32_t height() const override { return wish_.height; }
  double rate() const override { return 0; }

  Result<bool> next(Canvas& into) override {
    std::span<std::byte> rest = into.bytes();
    while (!rest.empty()) {
      const ssize_t got = ::read(fd_.get(), rest.data(), rest.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed(Errc::internal, "reading", path_);
      if (got == 0) break;
      rest = rest.subspan(static_cast<std::size_t>(got));
    }
    if (rest.size() == into.bytes().size()) return false;
    if (!rest.empty())
      return fail(Errc::invalid, "'" + path_ + "' ends within a picture, expected whole ones of " +
                                     std::to_string(into.bytes().size()) + " bytes");
    return true;
  }

  Result<> rewind() override {
    if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return failed(Errc::internal, "rewinding", path_);
    return {};
  }

 private:
  Fd fd_;
  std::string path_;
  PictureWish wish_;
};

class RawWriter final : public PictureWriter {
 public:
  RawWriter(Fd fd, std::string path, Begin begin)
      : fd_(std::move(fd)), path_(std::move(path)), begin_(begin) {}

  Result<> write(const Canvas& picture, std::uint64_t) override {
    Bytes rest = picture.bytes();
    if (std::exchange(begin_, Begin::anew) == Begin::go_on) DKVM_CHECK(go_on(rest.size()));
    while (!rest.empty()) {
      const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed(Errc::exhausted, "writing", path_);
      rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<> finish() override { return {}; }

 private:
  // Behind the last whole picture: one that was cut short would shift all others.
  Result<> go_on(std::size_t picture_bytes) {
    const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
    if (end < 0) return {};  // a pipe: there is nothing to go on with
    const off_t whole = end - end % static_cast<off_t>(picture_bytes);
    if (whole != end && ::ftruncate(fd_.get(), whole) != 0)
      return failed(Errc::internal, "mending", path_);
    if (::lseek(fd_.get(), whole, SEEK_SET) != whole)
      return failed(Errc::internal, "mending", path_);
    return {};
  }

  Fd fd_;
  std::string path_;
  Begin begin_;
};

}  // namespace

Result<std::unique_ptr<PictureReader>> read_raw_pictures(const std::string& path,
                                                         const PictureWish& wish) {
  if (wish.width == 0 || wish.height == 0)
    return fail(Errc::invalid, "'" + path + "' is raw and does not say its size, expected it told");
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failed(Errc::not_found, "opening", path);
  return std::make_unique<RawReader>(std::move(fd), path, wish);
}

Result<std::unique_ptr<PictureWriter>> write_raw_pictures(const std::string& path, Begin begin) {
  const int emptied = begin == Begin::anew ? O_TRUNC : 0;
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | emptied, 0644));
  if (!fd) return failed(Errc::not_found, "opening", path);
  return std::make_unique<RawWriter>(std::move(fd), path, begin);
}

}  // namespace dkvm::media
