#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/loop/unique_fd.hpp"

namespace dkvm::detail {

// Where the log's lines go: a file, or stderr. Writing never waits: what a
// terminal or pipe does not take now is dropped and counted, and said in front
// of the next line that passes.
class LogOutput {
 public:
  explicit LogOutput(std::string file);

  // One line, without its newline.
  void write(std::string_view line);
  void reopen();

  std::uint64_t dropped() const { return dropped_; }

 private:
  int fd() const;
  bool put(std::string_view bytes);
  bool put_some(std::string_view& bytes);
  void complain(int error);

  std::string path_;
  UniqueFd file_;
  bool regular_ = false;
  bool complained_ = false;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_since_ = 0;
};

}  // namespace dkvm::detail
