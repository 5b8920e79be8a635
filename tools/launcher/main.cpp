// dkvm-launcher: becomes a device, after setting what only the process itself
// can set. Between fork and the device's main there is nothing else.
//
//   dkvm-launcher --parent PID [--nice N] [--slice-us N] [--memory BYTES]
//                 [--files N] [--processes N] [--core BYTES] -- PROGRAM [ARG...]
//
// Exit: 127 the program was not found, 126 it cannot be executed, 123 a limit
// was refused by the system, 122 misuse; each with a line on stderr.

#include <dkvm/detail/scheduling_linux.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kExitMisuse = 122;
constexpr int kExitLimitsRefused = 123;
constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;

struct Options {
  pid_t parent = 0;
  int nice = 0;
  unsigned slice_us = 0;                // 0: as long as the system likes
  rlim_t memory_bytes = RLIM_INFINITY;  // infinity: not set here
  rlim_t files = RLIM_INFINITY;
  rlim_t processes = RLIM_INFINITY;
  rlim_t core_bytes = 0;  // none
  char** program = nullptr;
};

[[noreturn]] void misuse(const char* what) {
  std::fprintf(stderr, "<3>dkvm-launcher: %s; it is started by dkvm-kernel, not by hand\n", what);
  std::exit(kExitMisuse);
}

long long number(const char* text) {
  if (text == nullptr) misuse("an option lacks its number");
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') misuse("an option has no number");
  return value;
}

Options parse(char** argument) {
  Options options;
  const auto is = [&](const char* name) { return std::strcmp(*argument, name) == 0; };
  for (; *argument != nullptr && !is("--"); ++argument) {
    if (is("--parent"))
      options.parent = static_cast<pid_t>(number(*++argument));
    else if (is("--nice"))
      options.nice = static_cast<int>(number(*++argument));
    else if (is("--slice-us"))
      options.slice_us = static_cast<unsigned>(number(*++argument));
    else if (is("--memory"))
      options.memory_bytes = static_cast<rlim_t>(number(*++argument));
    else if (is("--files"))
      options.files = static_cast<rlim_t>(number(*++argument));
    else if (is("--core"))
      options.core_bytes = static_cast<rlim_t>(number(*++argument));
    else if (is("--processes"))
      options.processes = static_cast<rlim_t>(number(*++argument));
    else
      misuse("an option is unknown");
  }
  if (*argument == nullptr || argument[1] == nullptr) misuse("no program is named");
  if (options.parent == 0) misuse("--parent is missing");
  options.program = argument + 1;
  return options;
}

// A device ends with its kernel; one whose kernel is already gone never starts.
void follow(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) std::exit(0);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void limit(__rlimit_resource resource, const char* name, rlim_t value) {
  const rlimit wanted{value, value};
  if (::setrlimit(resource, &wanted) == 0) return;
  std::fprintf(stderr, "<3>the limit of %llu %s is refused: %s\n",
               static_cast<unsigned long long>(value), name, std::strerror(errno));
  std::exit(kExitLimitsRefused);
}

void set_limits(const Options& options) {
  limit(RLIMIT_CORE, "bytes of core file", options.core_bytes);
  if (options.files != RLIM_INFINITY) limit(RLIMIT_NOFILE, "files", options.files);
  if (options.processes != RLIM_INFINITY) limit(RLIMIT_NPROC, "processes", options.processes);
  if (options.memory_bytes != RLIM_INFINITY)
    limit(RLIMIT_AS, "bytes of memory", options.memory_bytes);
}

// Not being scheduled as wished is no reason not to run, and whoever runs the
// kernel in real time wants its devices there too. A slice has an effect since
// Linux 6.12; the call sets the niceness along with it.
void set_scheduling(const Options& options) {
  if (::sched_getscheduler(0) != SCHED_OTHER) return;
  const int nice = options.nice != 0 ? options.nice : ::getpriority(PRIO_PROCESS, 0);
  if (dkvm::detail::set_scheduling(nice, std::uint64_t{1000} * options.slice_us)) return;
  std::fprintf(stderr, "<4>niceness %d is refused: %s\n", nice, std::strerror(errno));
}

[[noreturn]] void become(char** program) {
  const bool has_path = std::strchr(program[0], '/') != nullptr;
  if (has_path)
    ::execv(program[0], program);
  else
    ::execvp(program[0], program);
  const int error = errno;
  const bool missing = error == ENOENT || error == ENOTDIR;
  const bool interpreter = missing && has_path && ::access(program[0], F_OK) == 0;
  std::fprintf(stderr, "<3>cannot execute %s: %s\n", program[0],
               interpreter ? "its interpreter is missing" : std::strerror(error));
  std::exit(missing ? kExitNotFound : kExitNotExecutable);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc > 0 ? argv + 1 : argv);
  follow(options.parent);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  reset_signals();
  set_scheduling(options);
  set_limits(options);
  become(options.program);
}
