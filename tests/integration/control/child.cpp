#include "tests/integration/control/child.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace dkvm::test {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void attach(int target, const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(127);
}

}  // namespace

TempDir::TempDir() {
  std::string name = "/tmp/dkvm-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Child::Child(const ChildSetup& setup) {
  const auto arguments = pointers_to(setup.command);
  const auto environment = pointers_to(setup.environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process can be made");
  if (pid_ > 0) return;
  if (setup.session) ::setsid();
  if (setup.stream >= 0) {
    if (::dup2(setup.stream, 0) < 0 || ::dup2(setup.stream, 1) < 0) ::_exit(127);
  } else {
    attach(0, "/dev/null", O_RDONLY);
    attach(1, setup.out, O_WRONLY | O_CREAT | O_APPEND);
  }
  attach(2, setup.err, O_WRONLY | O_CREAT | O_APPEND);
  ::execve(arguments[0], arguments.data(), environment.data());
  ::_exit(127);
}

Child::~Child() {
  if (ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) const { ::kill(pid_, number); }

std::optional<int> Child::ended() {
  int status = 0;
  if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

}  // namespace dkvm::test
