#include "tools/dkvmctl/top/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <string>

namespace dkvm::ctl {
namespace {

// The other screen, no cursor, lines that are too long are cut; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

// Whether anybody can see it is of no account.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

detail::Fd taken(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return detail::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

Result<> Terminal::check() {
  if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) return {};
  return fail(Errc::invalid,
              "top needs a terminal: `ssh -t` gives one; --once prints one look instead");
}

Terminal::Terminal() {
  ::tcgetattr(STDIN_FILENO, &before_);
  ::sigprocmask(SIG_BLOCK, nullptr, &mask_before_);
  ends_ = taken({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  resizes_ = taken({SIGWINCH});
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  put(kEnter);
}

Terminal::~Terminal() {
  put(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  ends_.reset();
  resizes_.reset();
  // The one that ended this was noticed; it is not to strike once more.
  const timespec none{};
  sigset_t ending;
  ::sigemptyset(&ending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&ending, signal);
  while (::sigtimedwait(&ending, nullptr, &none) > 0) {
  }
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

Terminal::Size Terminal::size() const {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
    return {};
  return {window.ws_col, window.ws_row};
}

void Terminal::draw(std::string_view text) const {
  std::string picture = "\x1b[H";
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    picture.append(text.substr(0, end)).append("\x1b[K");
    if (end == std::string_view::npos || end + 1 == text.size()) break;
    picture += "\r\n";
    text.remove_prefix(end + 1);
  }
  picture += "\x1b[J";
  put(picture);
}

Terminal::Wake Terminal::wait(std::chrono::milliseconds at_most, char& key) const {
  std::array<pollfd, 3> waiting = {pollfd{ends_.get(), POLLIN, 0},
                                   pollfd{resizes_.get(), POLLIN, 0},
                                   pollfd{STDIN_FILENO, POLLIN, 0}};
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(at_most.count())) <= 0)
    return Wake::time;
  if (waiting[0].revents != 0) return Wake::ended;
  if (waiting[1].revents != 0) {
    signalfd_siginfo info;
    while (::read(resizes_.get(), &info, sizeof(info)) > 0) {
    }
    return Wake::resized;
  }
  return ::read(STDIN_FILENO, &key, 1) == 1 ? Wake::key : Wake::ended;
}

}  // namespace dkvm::ctl
