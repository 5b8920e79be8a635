#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/loop/unique_fd.hpp"

namespace dkvm::detail {

// Where the log's lines go: stderr, or a file. Writing never waits: what a
// terminal or pipe does not take now is dropped and counted, and said in front
// of the next line that passes.
class LogOutput {
 public:
  LogOutput();

  // To this file from now on. Errors: Errc::denied, naming the file and why;
  // lines go where they went.
  Result<> open(std::string file);
  // To stderr from now on.
  void close();
  // Opens the file anew, after a rotation. When that fails the lines go to
  // stderr until the next time, which is said there.
  void reopen();

  // One line, without its newline.
  void write(std::string_view line);

  std::uint64_t dropped() const { return dropped_; }

 private:
  int fd() const;
  bool put(std::string_view bytes);
  bool put_some(std::string_view& bytes);
  void complain(const std::string& what);

  std::string path_;
  UniqueFd file_;
  bool regular_ = false;
  bool complained_ = false;
  bool torn_ = false;  // the last line is there in part
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_since_ = 0;
};

}  // namespace dkvm::detail
