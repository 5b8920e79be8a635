#pragma once

#include <dkvm/detail/fd.hpp>

#include <sys/types.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

namespace dkvm::test {

// A program at a terminal of its own, whose user the test is.
class Pty {
 public:
  Pty(const std::vector<std::string>& words, unsigned short columns, unsigned short rows);
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;
  ~Pty();

  void press(const std::string& keys) const;
  void resize(unsigned short columns, unsigned short rows) const;
  void signal(int number) const;

  // All that it has written up to now.
  const std::string& written();
  // The last whole picture, between ESC [ H and ESC [ J, as lines without colours and clears.
  std::vector<std::string> picture();
  // As the terminal is now; the same as at the start when the program put it back.
  bool is_as_before() const;
  // The exit status once it has ended, as a shell has it.
  std::optional<int> ended();

 private:
  detail::Fd master_;
  detail::Fd slave_;  // kept open, so that the terminal outlives the program
  termios before_{};
  pid_t pid_ = -1;
  std::string written_;
  std::optional<int> ended_;
};

}  // namespace dkvm::test
