#include "tools/dkvmctl/pair/answers.hpp"

#include "trust/pairing/pairing.hpp"

#include <fmt/format.h>

#include <termios.h>
#include <unistd.h>

#include <array>

namespace dkvm::ctl {
namespace {

constexpr std::size_t kAnswerBytesMax = 256;  // what is longer is no answer
constexpr std::string_view kStdin = "-";

void prompt(Screen& screen, const std::string& peer) {
  const std::string text = fmt::format(
      "Does {} show the same code? Type yes to trust it, no to refuse: ", printable(peer));
  if (screen.json()) {
    std::fputs(text.c_str(), stderr);
  } else {
    screen.print(text);
    screen.flush();
  }
}

std::string trimmed(const std::string& line) {
  constexpr const char* kSpaces = " \t\r";
  const std::size_t begin = line.find_first_not_of(kSpaces);
  return begin == std::string::npos
             ? ""
             : line.substr(begin, line.find_last_not_of(kSpaces) - begin + 1);
}

}  // namespace

Result<Answers> Answers::from(const std::string& yes_if) {
  if (yes_if.empty() && ::isatty(STDIN_FILENO) == 0)
    return fail(Errc::invalid,
                "stdin is no terminal, so nobody can say whether the codes are the same: use "
                "`ssh -t`, or give the other machine's code with --yes-if");
  return Answers(yes_if);
}

void Answers::ask(Screen& screen, const std::string& peer) {
  peer_ = peer;
  if (!is_person()) return;
  typed_.clear();
  ::tcflush(STDIN_FILENO, TCIFLUSH);
  prompt(screen, peer_);
}

int Answers::fd() const {
  const bool waits = is_person() || yes_if_ == kStdin;
  return waits && typed_.find('\n') == std::string::npos ? STDIN_FILENO : -1;
}

bool Answers::read_more() {
  std::array<char, kAnswerBytesMax> bytes;
  const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (got > 0) typed_.append(bytes.data(), static_cast<std::size_t>(got));
  return got > 0 && typed_.size() <= kAnswerBytesMax;
}

std::optional<bool> Answers::read(Screen& screen, const std::string& code) {
  if (!is_person() && yes_if_ != kStdin) return trust::is_code(yes_if_, code);
  if (fd() >= 0 && !read_more()) return false;
  const std::size_t end = typed_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  const std::string line = trimmed(typed_.substr(0, end));
  typed_.erase(0, end + 1);
  if (!is_person()) return trust::is_code(line, code);
  if (line == "yes") return true;
  if (line == "no") return false;
  prompt(screen, peer_);
  return std::nullopt;
}

}  // namespace dkvm::ctl
