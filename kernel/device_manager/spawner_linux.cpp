#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "kernel/device_manager/spawner.hpp"

namespace dkvm {
namespace {

constexpr int kFirstFreeFd = 3;

// glibc 2.36 declares its own without extern "C".
int open_pidfd(ProcessId pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

Error system_error(std::string_view what, int error) {
  const Errc code = error == ENOENT ? Errc::not_found : Errc::exhausted;
  return Error(code, fmt::format("{}: {}", what, std::strerror(error)));
}

// The same descriptor above the standard three, so that installing those in the
// child cannot overwrite it.
Result<UniqueFd> above_stdio(UniqueFd fd) {
  if (fd.get() >= kFirstFreeFd) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (!moved) return fail(system_error("moving a descriptor", errno));
  return moved;
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

struct Ends {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Ends> finish_ends(UniqueFd ours, UniqueFd theirs) {
  Ends ends;
  DKVM_TRY(ends.ours, above_stdio(std::move(ours)));
  DKVM_TRY(ends.theirs, above_stdio(std::move(theirs)));
  set_nonblocking(ends.ours.get());
  return ends;
}

Result<Ends> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return fail(system_error("making a pipe", errno));
  return finish_ends(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

Result<Ends> make_stream() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    return fail(system_error("making a socket pair", errno));
  return finish_ends(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

Result<UniqueFd> open_null() {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail(system_error("opening /dev/null", errno));
  return above_stdio(std::move(null));
}

// The three descriptors of the child, and our ends of them.
struct Channels {
  UniqueFd in;
  UniqueFd out;  // none: the same as `in`
  Ends log;
  UniqueFd output;
};

Result<Channels> make_channels(Stdio stdio) {
  Channels channels;
  DKVM_TRY(channels.log, make_pipe());
  if (stdio == Stdio::stream) {
    DKVM_TRY(Ends stream, make_stream());
    channels.output = std::move(stream.ours);
    channels.in = std::move(stream.theirs);
    return channels;
  }
  DKVM_TRY(channels.in, open_null());
  if (stdio == Stdio::capture) {
    DKVM_TRY(Ends captured, make_pipe());
    channels.output = std::move(captured.ours);
    channels.out = std::move(captured.theirs);
  }
  return channels;
}

class FileActions {
 public:
  explicit FileActions(const Channels& channels) {
    ::posix_spawn_file_actions_init(&raw_);
    const int out = channels.out ? channels.out.get() : channels.in.get();
    ::posix_spawn_file_actions_adddup2(&raw_, channels.in.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&raw_, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&raw_, channels.log.theirs.get(), STDERR_FILENO);
  }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&raw_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  const posix_spawn_file_actions_t* raw() const { return &raw_; }

 private:
  posix_spawn_file_actions_t raw_;
};

// No signal blocked or ignored, and a process group of its own: docs/adr/0005.
class Attributes {
 public:
  Attributes() {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&raw_);
    ::posix_spawnattr_setsigmask(&raw_, &none);
    ::posix_spawnattr_setsigdefault(&raw_, &all);
    ::posix_spawnattr_setpgroup(&raw_, 0);
    ::posix_spawnattr_setflags(
        &raw_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&raw_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* raw() const { return &raw_; }

 private:
  posix_spawnattr_t raw_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Source: tools/launcher/main.cpp.
std::vector<std::string> launcher_args(const std::string& launcher, const Program& program) {
  std::vector<std::string> args{launcher, "--parent", std::to_string(::getpid())};
  const auto limit = [&](const char* option, std::uint64_t value) {
    if (value == 0) return;
    args.emplace_back(option);
    args.push_back(std::to_string(value));
  };
  limit("--memory", program.limits.memory_bytes);
  limit("--files", program.limits.files);
  limit("--processes", program.limits.processes);
  limit("--core", program.limits.core_bytes);
  if (program.limits.nice != 0) {
    args.emplace_back("--nice");
    args.push_back(std::to_string(program.limits.nice));
  }
  limit("--slice-us", program.limits.slice_us);
  args.emplace_back("--");
  args.push_back(program.path);
  args.insert(args.end(), program.args.begin(), program.args.end());
  return args;
}

class LinuxSpawner final : public Spawner {
 public:
  explicit LinuxSpawner(std::string launcher) : launcher_(std::move(launcher)) {}

  Result<Process> spawn(const SpawnRequest& request) override {
    auto process = try_spawn(request);
    if (!process)
      return fail(
          std::move(process).error().within(fmt::format("starting {}", request.program.path)));
    return process;
  }

 private:
  Result<Process> try_spawn(const SpawnRequest& request) {
    DKVM_TRY(Channels channels, make_channels(request.stdio));
    std::vector<std::string> args = launcher_args(launcher_, request.program);
    std::vector<std::string> env = request.program.env;
    const FileActions actions(channels);
    Process process;
    const int error = ::posix_spawn(&process.pid, launcher_.c_str(), actions.raw(),
                                    attributes_.raw(), pointers(args).data(), pointers(env).data());
    if (error != 0) return fail(system_error(fmt::format("running {}", launcher_), error));
    process.handle.reset(open_pidfd(process.pid));
    if (!process.handle) return give_up(process.pid, errno);
    process.output = std::move(channels.output);
    process.log = std::move(channels.log.ours);
    return process;
  }

  // A process that cannot be watched must not run.
  static tl::unexpected<Error> give_up(ProcessId pid, int error) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail(system_error("watching it", error));
  }

  std::string launcher_;
  Attributes attributes_;
};

}  // namespace

std::unique_ptr<Spawner> make_spawner(std::string launcher_path) {
  return std::make_unique<LinuxSpawner>(std::move(launcher_path));
}

}  // namespace dkvm
