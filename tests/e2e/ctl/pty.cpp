#include "tests/e2e/ctl/pty.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <sstream>

namespace dkvm::test {
namespace {

constexpr unsigned kNonCanonicalFlags = ICANON | ECHO | ISIG;

}  // namespace

Pty::Pty(const std::vector<std::string>& words, unsigned short columns, unsigned short rows) {
  winsize size{};
  size.ws_col = columns;
  size.ws_row = rows;
  int master = -1;
  int slave = -1;
  REQUIRE(::openpty(&master, &slave, nullptr, nullptr, &size) == 0);
  master_ = detail::Fd(master);
  slave_ = detail::Fd(slave);
  ::fcntl(master, F_SETFL, O_NONBLOCK);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::tcgetattr(slave, &before_);
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (auto& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");
  pid_ = ::fork();
  REQUIRE(pid_ >= 0);
  if (pid_ != 0) return;
  ::login_tty(slave);
  ::execv(argv.front(), argv.data());
  ::_exit(127);
}

Pty::~Pty() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Pty::press(const std::string& keys) const {
  REQUIRE(::write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
}

void Pty::resize(unsigned short columns, unsigned short rows) const {
  winsize size{};
  size.ws_col = columns;
  size.ws_row = rows;
  REQUIRE(::ioctl(master_.get(), TIOCSWINSZ, &size) == 0);
}

void Pty::signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }

const std::string& Pty::written() {
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const ssize_t got = ::read(master_.get(), bytes.data(), bytes.size());
    if (got <= 0) return written_;
    written_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

std::vector<std::string> Pty::picture() {
  written();
  const std::size_t end = written_.rfind("\x1b[J");
  const std::size_t begin = written_.rfind("\x1b[H", end);
  if (end == std::string::npos || begin == std::string::npos) return {};
  std::istringstream text(written_.substr(begin, end - begin));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    lines.push_back(std::regex_replace(line, std::regex("\x1b\\[[0-9;]*[A-Za-z]|\r"), ""));
  return lines;
}

bool Pty::is_as_before() const {
  termios now{};
  ::tcgetattr(slave_.get(), &now);
  return (now.c_lflag & kNonCanonicalFlags) == (before_.c_lflag & kNonCanonicalFlags) &&
         now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag;
}

std::optional<int> Pty::ended() {
  written();  // whoever writes into a full terminal does not end
  int status = 0;
  if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

}  // namespace dkvm::test
