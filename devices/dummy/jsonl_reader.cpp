#include "devices/dummy/jsonl_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dkvm::dummy {
namespace {

constexpr std::size_t kBufferBytes = kLineBytesMax + 1;

}  // namespace

Result<JsonlReader> JsonlReader::open(const std::string& path, Family family) {
  detail::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail(Errc::not_found, "opening '" + path + "': " + std::strerror(errno));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Errc::invalid, "'" + path + "' is no regular file, expected JSON Lines");
  return JsonlReader(std::move(fd), path, family);
}

JsonlReader::JsonlReader(detail::Fd fd, std::string path, Family family)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      family_(family),
      buffer_(new char[kBufferBytes]) {}

Result<std::optional<Record>> JsonlReader::next() {
  for (;;) {
    DKVM_TRY(const std::optional<std::string_view> line, next_line());
    if (!line) return std::optional<Record>{};
    ++line_;
    if (line->empty()) continue;
    auto record = parse_line(*line);
    if (!record) return located(record.error());
    if (!carries(family_, *record))
      return located(Error(Errc::invalid, "an event of another kind of device, expected " +
                                              std::string(events_of(family_))));
    if (record->time_ns < last_time_ns_)
      return located(Error(Errc::invalid, "\"t\" is " + seconds_text(record->time_ns) +
                                              ", earlier than the line before, expected " +
                                              seconds_text(last_time_ns_) + " or later"));
    last_time_ns_ = record->time_ns;
    return std::optional<Record>(std::move(*record));
  }
}

Result<> JsonlReader::rewind() {
  if (::lseek(fd_.get(), 0, SEEK_SET) != 0)
    return fail(Errc::internal, "rewinding '" + path_ + "': " + std::strerror(errno));
  begin_ = end_ = 0;
  line_ = 0;
  last_time_ns_ = 0;
  return {};
}

Result<std::optional<std::string_view>> JsonlReader::next_line() {
  std::size_t searched = 0;
  for (;;) {
    const char* line = buffer_.get() + begin_;
    const std::size_t bytes = end_ - begin_;
    if (const void* found = std::memchr(line + searched, '\n', bytes - searched)) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - line);
      begin_ += length + 1;
      return std::optional(std::string_view(line, length));
    }
    searched = bytes;
    DKVM_TRY(const bool more, read_more());
    if (more) continue;
    if (bytes == 0) return std::optional<std::string_view>{};
    begin_ = end_;
    return std::optional(std::string_view(line, bytes));  // the last one, without a newline
  }
}

Result<bool> JsonlReader::read_more() {
  if (begin_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == kBufferBytes) {
    ++line_;
    return located(Error(Errc::invalid, "a line of more than " + std::to_string(kLineBytesMax) +
                                            " bytes, expected one event a line"));
  }
  const ssize_t got = ::read(fd_.get(), buffer_.get() + end_, kBufferBytes - end_);
  if (got < 0) return fail(Errc::internal, "reading '" + path_ + "': " + std::strerror(errno));
  end_ += static_cast<std::size_t>(got);
  return got != 0;
}

tl::unexpected<Error> JsonlReader::located(const Error& error) const {
  return fail(error.code(), path_ + ":" + std::to_string(line_) + ": " + error.message());
}

}  // namespace dkvm::dummy
