#pragma once

#include "tools/dkvmctl/screen.hpp"

#include <dkvm/result.hpp>

#include <optional>
#include <string>

namespace dkvm::ctl {

// Who says whether the code is the same on the other machine: a person at the
// terminal, or a script that has read it there.
class Answers {
 public:
  // yes_if: empty for a person; a code; or `-`, which is a line of stdin.
  // Errors: Errc::invalid when a person is to answer and stdin is no terminal.
  static Result<Answers> from(const std::string& yes_if);

  // Asks for the next answer; what was typed before does not count.
  void ask(Screen& screen, const std::string& peer);

  // Readable when there may be more of an answer; -1 when none has to be waited for.
  int fd() const;

  // Whether it is accepted; nothing while the answer is not whole. Whatever is
  // no answer of a person is asked for again.
  std::optional<bool> read(Screen& screen, const std::string& code);

 private:
  explicit Answers(std::string yes_if) : yes_if_(std::move(yes_if)) {}

  bool is_person() const { return yes_if_.empty(); }
  // False at the end of stdin.
  bool read_more();

  std::string yes_if_;
  std::string peer_;
  std::string typed_;
};

}  // namespace dkvm::ctl
