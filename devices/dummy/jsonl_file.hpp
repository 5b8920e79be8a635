#pragma once

#include "devices/dummy/family.hpp"
#include "devices/dummy/jsonl.hpp"

#include <dkvm/detail/fd.hpp>

#include <cstdint>
#include <string>

namespace dkvm::dummy {

// A file that records are appended to. Every line in it is whole, whatever
// happened to the process that wrote it before: a record whose newline is
// missing gets it, one of ours that was cut short is taken off again. A file
// that ends in anything else is somebody's own, and left as it is.
class JsonlFile {
 public:
  enum class Begin : std::uint8_t { append, anew };

  // Errors: Errc::not_found when it cannot be opened, Errc::invalid when it ends
  //         in something else than a record of the family (it is left as it is).
  static Result<JsonlFile> open(const std::string& path, Family family, Begin begin);

  // Time of the last record, appended ones included; 0 in a new file.
  std::uint64_t last_time_ns() const { return last_time_ns_; }
  bool has_records() const { return has_records_; }
  // How long ago the file was last written, in ns of CLOCK_REALTIME.
  std::uint64_t age_ns() const { return age_ns_; }

  // Buffers one record. Times may not go backwards: a reader refuses those.
  // Errors: as flush(), and as append_line().
  Result<> append(const Record& record);

  // Hands everything to the operating system.
  // Errors: Errc::exhausted when the file takes no more (a full disk).
  Result<> flush();

  // Waits until the flushed bytes are on the disk.
  Result<> sync();

 private:
  JsonlFile(detail::Fd fd, std::string path, Family family)
      : fd_(std::move(fd)), path_(std::move(path)), family_(family) {}

  Result<> continue_after_last_line();
  Result<> take_last(std::string_view line);
  tl::unexpected<Error> failed(Errc code, const char* doing) const;

  detail::Fd fd_;
  std::string path_;
  Family family_;
  std::string buffer_;
  std::uint64_t last_time_ns_ = 0;
  std::uint64_t age_ns_ = 0;
  bool has_records_ = false;
};

}  // namespace dkvm::dummy
