#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernel/device_manager/reaper.hpp"
#include "kernel/loop/assert.hpp"

namespace dkvm {
namespace {

// Orphans may be handed to us without a signal, and the kernel's list of
// children may miss one while it changes: look once more after a while.
constexpr Duration kSecondLook = std::chrono::milliseconds(100);

ExitStatus status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {0, info.si_status};
}

// Every child of this process, of all its threads.
std::vector<ProcessId> children() {
  std::vector<ProcessId> found;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    std::ifstream list(task.path() / "children");
    for (ProcessId pid = 0; list >> pid;) found.push_back(pid);
  }
  return found;
}

// True when it was dead already and is gone now.
bool end_orphan(ProcessId pid) {
  ::kill(pid, SIGKILL);
  if (::getpgid(pid) == pid) ::kill(-pid, SIGKILL);
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) == 0 &&
         info.si_pid == pid;
}

class LinuxReaper final : public Reaper {
 public:
  explicit LinuxReaper(Loop& loop)
      : loop_(loop),
        child_signal_(loop, SIGCHLD, [this] { on_child_signal(); }),
        second_look_(loop, [this] { end_orphans(); }) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }

  void watch(ProcessId pid, UniqueFd handle, Watch watch) override {
    const int fd = handle.get();
    Poll poll(loop_, fd, [this, pid](PollEvents) { on_exit(pid); });
    poll.watch(true, false);
    const auto [child, added] =
        children_.try_emplace(pid, Child{std::move(handle), std::move(poll), std::move(watch)});
    DKVM_ASSERT(added);
  }

  void signal(ProcessId pid, KillSignal signal) override {
    if (!children_.contains(pid)) return;
    switch (signal) {
      case KillSignal::abort: ::kill(-pid, SIGABRT); return;
      case KillSignal::terminate:
        ::kill(-pid, SIGTERM);
        ::kill(-pid, SIGCONT);
        return;
      case KillSignal::kill: ::kill(-pid, SIGKILL); return;
    }
  }

  void abandon(ProcessId pid) override {
    const auto child = children_.find(pid);
    if (child == children_.end()) return;
    child->second.watch = {};
    signal(pid, KillSignal::kill);
  }

 private:
  struct Child {
    UniqueFd handle;
    Poll poll;  // goes before the handle
    Watch watch;
  };

  // While the dead leader is not buried, no other process can get its ids: the
  // group that is killed is its own.
  void on_exit(ProcessId pid) {
    siginfo_t info{};
    const auto id = static_cast<id_t>(pid);
    if (::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid) return;
    ::kill(-pid, SIGKILL);
    ::waitid(P_PID, id, &info, WEXITED | WNOHANG);
    const Watch watch = std::move(children_.at(pid).watch);
    children_.erase(pid);
    end_orphans();
    second_look_.arm_in(kSecondLook);
    if (watch.exited) watch.exited(status_of(info));
  }

  void on_child_signal() {
    siginfo_t info{};
    while (::waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 && info.si_pid != 0) {
      const auto child = children_.find(info.si_pid);
      if (child != children_.end() && child->second.watch.stopped)
        child->second.watch.stopped(info.si_code == CLD_STOPPED);
      info = {};
    }
    end_orphans();
  }

  // Burying one may bring in its children: again until nobody is buried. Those
  // that are still dying ring SIGCHLD when they are dead.
  void end_orphans() {
    for (bool buried = true; buried;) {
      buried = false;
      for (const ProcessId pid : children())
        if (!children_.contains(pid)) buried = end_orphan(pid) || buried;
    }
  }

  Loop& loop_;
  std::unordered_map<ProcessId, Child> children_;
  Signal child_signal_;
  Timer second_look_;
};

}  // namespace

std::unique_ptr<Reaper> make_reaper(Loop& loop) { return std::make_unique<LinuxReaper>(loop); }

}  // namespace dkvm
