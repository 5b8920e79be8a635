#include "tools/bench/desk/x_screen.hpp"

#include "tools/bench/harness/interrupt.hpp"
#include "tools/xlab/xvfb.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace dkvm::bench {
namespace {

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
  command.args =
      xlab::xvfb_command(kNumberFd, fmt::format("{}x{}x24", kScreenWidth, kScreenHeight));
  command.fds = {{told.get(), kNumberFd}, {log.get(), STDOUT_FILENO}, {log.get(), STDERR_FILENO}};
  DKVM_TRY(Process process, Process::start(command));
  told = {};
  auto display =
      xlab::read_display(number.get(), [&] { return wait_readable(number.get(), kStartTimeMax); });
  if (!display) return fail(std::move(display).error().within("see " + folder.file(name + ".log")));
  return XScreen(std::move(process), std::move(*display));
}

}  // namespace dkvm::bench
