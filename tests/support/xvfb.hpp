#pragma once

#include "tools/xlab/xvfb.hpp"

#include <dkvm/detail/fd.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::test {

// An X server without a screen, of the test's own: it picks a free display number, is
// ready when the constructor returns, and ends with it. Needs /usr/bin/Xvfb.
class Xvfb {
 public:
  // screen: WIDTHxHEIGHTxDEPTH; more: arguments such as {"-extension", "XTEST"}.
  explicit Xvfb(std::string screen = "1280x720x24", std::vector<std::string> more = {})
      : screen_(std::move(screen)), more_(std::move(more)) {
    start();
  }
  Xvfb(const Xvfb&) = delete;
  Xvfb& operator=(const Xvfb&) = delete;
  ~Xvfb() { kill(SIGTERM); }

  // `:5`; the same after a restart.
  const std::string& display() const { return display_; }
  pid_t pid() const { return pid_; }

  // Ends it and waits for that; what it leaves behind is what a crash leaves.
  void kill(int signal = SIGKILL) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::kill(pid_, SIGCONT);  // it may stand still
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  // Starts it again, after kill(), at its display number.
  void start() {
    // Servers that start at the same moment may reach for the same number.
    for (int i = 0; i < kTriesMax && !started(); ++i) kill();
    INFO("Xvfb of " << screen_ << " does not start");
    REQUIRE(pid_ > 0);
  }

 private:
  static constexpr int kStartMsMax = 10'000;
  static constexpr int kTriesMax = 5;
  static constexpr int kNumberFd = 9;  // where it writes its display number

  bool started() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const detail::Fd number(ends[0]);
    {
      const detail::Fd theirs(ends[1]);
      spawn(theirs.get());
    }
    pollfd ready{number.get(), POLLIN, 0};
    const auto display = xlab::read_display(
        number.get(), [&]() -> Result<bool> { return ::poll(&ready, 1, kStartMsMax) > 0; });
    if (display) display_ = *display;
    return display.has_value();
  }

  void spawn(int number) {
    std::vector<std::string> words = xlab::xvfb_command(kNumberFd, screen_, display_);
    words.insert(words.end(), more_.begin(), more_.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, number, kNumberFd);
    const int failed = ::posix_spawn(&pid_, xlab::kXvfb, &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    INFO("starting " << xlab::kXvfb << ", which tools/setup installs");
    REQUIRE(failed == 0);
  }

  std::string screen_;
  std::vector<std::string> more_;
  std::string display_;
  pid_t pid_ = -1;
};

}  // namespace dkvm::test
