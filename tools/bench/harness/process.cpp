#include "tools/bench/harness/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

namespace dkvm::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kReapEvery{2};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::vector<std::string>& more) {
  std::vector<std::string> result;
  for (char** each = environ; *each != nullptr; ++each) result.emplace_back(*each);
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

}  // namespace

Result<Process> Process::start(const Command& command) {
  // Above every number that a child gets, so that installing one cannot
  // overwrite another.
  constexpr int kSafeFd = 100;
  std::vector<detail::Fd> copies;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const auto& [ours, theirs] : command.fds) {
    copies.emplace_back(::fcntl(ours, F_DUPFD_CLOEXEC, kSafeFd));
    ::posix_spawn_file_actions_adddup2(&actions, copies.back().get(), theirs);
  }
  const auto environment = environment_with(command.environment);
  // A group of its own, as the kernel gives its devices.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, command.args[0].c_str(), &actions, &attributes,
                                  pointers(command.args).data(), pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return fail(error == ENOENT ? Errc::not_found : Errc::exhausted,
                "starting " + command.args[0] + ": " + std::strerror(error));
  return Process(pid);
}

Process::~Process() { stop(std::chrono::milliseconds(0)); }

void Process::stop(std::chrono::milliseconds grace) {
  if (pid_ == 0) return;
  if (grace.count() > 0) {
    ::kill(pid_, SIGTERM);
    if (reap(grace)) return;
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int Process::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Process::reap(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  do {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      return true;
    }
    std::this_thread::sleep_for(kReapEvery);
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

Result<SocketPair> make_socket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    return fail(Errc::exhausted, std::string("making a socket pair: ") + std::strerror(errno));
  return SocketPair{detail::Fd(fds[0]), detail::Fd(fds[1])};
}

Result<SocketPair> make_tcp_pair() {
  const auto failed = [] {
    return fail(Errc::exhausted, std::string("joining two sockets: ") + std::strerror(errno));
  };
  const detail::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SocketPair pair;
  pair.a = detail::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), generic, length) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), generic, &length) != 0 ||
      ::connect(pair.a.get(), generic, length) != 0)
    return failed();
  pair.b = detail::Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const int on = 1;
  for (const detail::Fd* each : {&pair.a, &pair.b})
    if (::setsockopt(each->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) return failed();
  return pair;
}

std::string own_folder() { return fs::read_symlink("/proc/self/exe").parent_path().string(); }

Result<TemporaryFolder> TemporaryFolder::make() {
  std::string path = (fs::temp_directory_path() / "dkvm-bench-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr)
    return fail(Errc::exhausted, "making " + path + ": " + std::strerror(errno));
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace dkvm::bench
