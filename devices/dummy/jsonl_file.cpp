#include "devices/dummy/jsonl_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace dkvm::dummy {
namespace {

constexpr std::size_t kBufferBytesMax = 64 * 1024;  // then it is flushed by itself

// Nanoseconds since a time of CLOCK_REALTIME; 0 when that lies ahead.
std::uint64_t since(const timespec& then) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() -
                  (std::int64_t{then.tv_sec} * 1'000'000'000 + then.tv_nsec);
  return ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
}

}  // namespace

Result<JsonlFile> JsonlFile::open(const std::string& path, Family family, Begin begin) {
  const int truncate = begin == Begin::anew ? O_TRUNC : 0;
  JsonlFile file(detail::Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | truncate, 0644)),
                 path, family);
  if (!file.fd_) return file.failed(Errc::not_found, "opening");
  struct stat status {};
  if (::fstat(file.fd_.get(), &status) != 0) return file.failed(Errc::internal, "examining");
  if (!S_ISREG(status.st_mode)) return file;  // /dev/null, say: there is nothing to continue
  file.age_ns_ = since(status.st_mtim);
  DKVM_CHECK(file.continue_after_last_line());
  return file;
}

// Looks at the end of the file only: two lines of any length fit into what it
// reads. Nothing is changed before all of that was understood.
Result<> JsonlFile::continue_after_last_line() {
  const off_t size = ::lseek(fd_.get(), 0, SEEK_END);
  if (size < 0) return failed(Errc::internal, "seeking in");
  const off_t begin = std::max<off_t>(size - static_cast<off_t>(2 * kLineBytesMax), 0);
  std::string tail(static_cast<std::size_t>(size - begin), '\0');
  const ssize_t got = ::pread(fd_.get(), tail.data(), tail.size(), begin);
  if (got != static_cast<ssize_t>(tail.size())) return failed(Errc::internal, "reading");

  const std::size_t end = tail.rfind('\n') + 1;  // npos + 1 is 0: no whole line
  if (end == 0 && begin != 0)
    return fail(Errc::invalid, "'" + path_ + "' does not end in a line, expected JSON Lines");
  if (end != 0) {
    const std::string_view body = std::string_view(tail).substr(0, end - 1);
    DKVM_CHECK(take_last(body.substr(body.rfind('\n') + 1)));
  }
  const std::string_view unfinished = std::string_view(tail).substr(end);
  const bool cut = is_cut_line(unfinished) && !parse_line(unfinished);
  if (!cut && !unfinished.empty()) {
    DKVM_CHECK(take_last(unfinished));
    buffer_ += '\n';  // goes in front of the next record
  }
  const off_t kept = cut ? begin + static_cast<off_t>(end) : size;
  if (kept != size && ::ftruncate(fd_.get(), kept) != 0)
    return failed(Errc::internal, "repairing the end of");
  if (::lseek(fd_.get(), kept, SEEK_SET) != kept) return failed(Errc::internal, "seeking in");
  return {};
}

Result<> JsonlFile::take_last(std::string_view line) {
  const auto record = parse_line(line);
  if (!record)
    return fail(Errc::invalid, "'" + path_ + "', last line: " + record.error().message());
  if (!carries(family_, *record))
    return fail(Errc::invalid, "'" + path_ +
                                   "', last line: an event of another kind of device, expected " +
                                   std::string(events_of(family_)));
  last_time_ns_ = record->time_ns;
  has_records_ = true;
  return {};
}

Result<> JsonlFile::append(const Record& record) {
  DKVM_CHECK(append_line(buffer_, record));
  last_time_ns_ = record.time_ns;
  return buffer_.size() < kBufferBytesMax ? Result<>{} : flush();
}

Result<> JsonlFile::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t written = ::write(fd_.get(), buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      buffer_.erase(0, done);
      return failed(Errc::exhausted, "writing");
    }
    done += static_cast<std::size_t>(written);
  }
  buffer_.clear();
  return {};
}

Result<> JsonlFile::sync() {
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL) return failed(Errc::internal, "syncing");
  return {};
}

tl::unexpected<Error> JsonlFile::failed(Errc code, const char* doing) const {
  return fail(code, std::string(doing) + " '" + path_ + "': " + std::strerror(errno));
}

}  // namespace dkvm::dummy
