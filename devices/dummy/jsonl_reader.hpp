#pragma once

#include "devices/dummy/family.hpp"
#include "devices/dummy/jsonl.hpp"

#include <dkvm/detail/fd.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dkvm::dummy {

// Reads the records of a file one after the other. The file is streamed, never
// loaded; empty lines are skipped, times that go backwards are refused.
class JsonlReader {
 public:
  // Errors: Errc::not_found when it cannot be opened, Errc::invalid when it is
  //         no regular file.
  static Result<JsonlReader> open(const std::string& path, Family family);

  // The next record; nullopt at the end of the file.
  // Errors: Errc::invalid, `file:line: what is wrong, what was expected`.
  Result<std::optional<Record>> next();

  // Starts again at the first line.
  Result<> rewind();

 private:
  JsonlReader(detail::Fd fd, std::string path, Family family);

  Result<std::optional<std::string_view>> next_line();
  Result<bool> read_more();
  tl::unexpected<Error> located(const Error& error) const;

  detail::Fd fd_;
  std::string path_;
  Family family_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 0;
  std::uint64_t last_time_ns_ = 0;
};

}  // namespace dkvm::dummy
