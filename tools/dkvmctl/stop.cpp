#include "tools/dkvmctl/ctl.hpp"

#include <dkvm/detail/fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

namespace dkvm::ctl {
namespace {

using Clock = std::chrono::steady_clock;

// A kernel promises to be gone after 3 s.
constexpr std::chrono::milliseconds kEndTimeMax{10'000};
constexpr std::chrono::milliseconds kLookPause{5};

// Whether a kernel still has its runtime directory: it holds the lock there
// until its process has ended.
bool is_held(const std::filesystem::path& runtime_dir) {
  const detail::Fd lock(
      ::open((runtime_dir / "kernel.lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0;
}

// Until the control device has hung up and the kernel's process has ended.
Called<> wait_for_end(Ctl& ctl, const std::filesystem::path& runtime_dir) {
  const auto time = std::max(kEndTimeMax, ctl.timeout);
  const auto until = Clock::now() + time;
  bool gone = ctl.client.wait_for_end(until).has_value();
  while (gone && is_held(runtime_dir)) {
    gone = Clock::now() < until;
    std::this_thread::sleep_for(kLookPause);
  }
  if (gone) return {};
  return fail(CallError{
      CallError::Kind::late,
      Error(Errc::timeout, fmt::format("the kernel has not ended in {} s", time.count() / 1000)),
      "kernel", "kernel.stop"});
}

Called<> stop(Ctl& ctl, bool waits) {
  const auto answer = ctl.kernel("kernel.stop");
  // A control device that is stopped before it has the answer: that is one too.
  if (!answer && answer.error().kind != CallError::Kind::ended) return fail(answer.error());
  if (waits) {
    std::filesystem::path runtime_dir = text_of(answer.value_or(Json::object()), "runtime_dir");
    if (runtime_dir.empty())
      runtime_dir = std::filesystem::absolute(ctl.client.path()).parent_path();
    DKVM_CHECK(wait_for_end(ctl, runtime_dir));
  }
  if (ctl.screen.json()) {
    ctl.screen.document({{"stopped", waits}});
  } else {
    ctl.screen.print(waits ? "the kernel has stopped\n" : "the kernel stops\n");
  }
  return {};
}

}  // namespace

void add_stop(CLI::App& app, Command& chosen) {
  auto* command =
      app.add_subcommand("stop", "End the kernel and all its devices")->group(kGroupSteer);
  const auto no_wait = std::make_shared<bool>(false);  // lives as long as the parser's callback
  command->add_flag("--no-wait", *no_wait, "return at once, not when the kernel has ended");
  command->callback(
      [&chosen, no_wait] { chosen = [no_wait](Ctl& ctl) { return stop(ctl, !*no_wait); }; });
}

}  // namespace dkvm::ctl
