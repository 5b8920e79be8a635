#include "tools/netlab/command.hpp"

#include <dkvm/fd.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dkvm::netlab {
namespace {

constexpr const char* kPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t kInputBytesMax = 16 * 1024;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    return fail(Errc::exhausted, std::string("making a pipe: ") + std::strerror(errno));
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

std::string words(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

// The program's file in one of the folders of kPath.
Result<std::string> find(const std::string& program) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
    if (::access((folder + program).c_str(), X_OK) == 0) return folder + program;
  return fail(Errc::not_found, "'" + program + "' is not installed (tools/setup installs it)");
}

Result<pid_t> spawn(const std::vector<std::string>& command, const Pipe& in, const Pipe& out) {
  DKVM_TRY(const std::string file, find(command.front()));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::array<char*, 2> environment = {const_cast<char*>(kPath), nullptr};
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, file.c_str(), &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(Errc::exhausted, "starting " + file + ": " + std::strerror(error));
  return pid;
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> bytes;
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string> run(const std::vector<std::string>& command, std::string_view input) {
  if (input.size() > kInputBytesMax)
    return fail(Errc::invalid, words(command) + ": its input is longer than a pipe holds");
  DKVM_TRY(Pipe in, make_pipe());
  DKVM_TRY(Pipe out, make_pipe());
  if (::write(in.write.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()))
    return fail(Errc::exhausted, words(command) + ": " + std::strerror(errno));
  in.write = Fd();
  DKVM_TRY(const pid_t pid, spawn(command, in, out));
  out.write = Fd();
  std::string said = read_all(out.read.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Errc::invalid, words(command) + " failed: " + said);
  return said;
}

}  // namespace dkvm::netlab
