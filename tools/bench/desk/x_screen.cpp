#include "tools/bench/desk/x_screen.hpp"

#include "tools/bench/harness/interrupt.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace dkvm::bench {
namespace {

constexpr const char* kProgram = "/usr/bin/Xvfb";
constexpr int kNumberFd = 3;
constexpr std::chrono::milliseconds kStartTimeMax{10'000};

}  // namespace

Result<XScreen> XScreen::start(const TemporaryFolder& folder, const std::string& name) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Errc::exhausted, "making a pipe");
  const detail::Fd number(ends[0]);
  detail::Fd told(ends[1]);
  const detail::Fd log(
      ::open(folder.file(name + ".log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  Command command;
  command.args = {kProgram,    "-displayfd", std::to_string(kNumberFd),
                  "-screen",   "0",          fmt::format("{}x{}x24", kScreenWidth, kScreenHeight),
                  "-nolisten", "tcp",        "-noreset"};
  command.fds = {{told.get(), kNumberFd}, {log.get(), STDOUT_FILENO}, {log.get(), STDERR_FILENO}};
  DKVM_TRY(Process process, Process::start(command));
  told = {};
  // The number comes with a newline once the server listens.
  std::string text;
  while (text.empty() || text.back() != '\n') {
    DKVM_TRY(const bool readable, wait_readable(number.get(), kStartTimeMax));
    std::array<char, 16> bytes{};
    const ssize_t got = readable ? ::read(number.get(), bytes.data(), bytes.size()) : 0;
    if (got <= 0)
      return fail(Errc::timeout,
                  fmt::format("{} did not start: see {}", kProgram, folder.file(name + ".log")));
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  text.pop_back();
  return XScreen(std::move(process), ":" + text);
}

}  // namespace dkvm::bench
