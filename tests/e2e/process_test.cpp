#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

// The kernel as a process among others: descriptors, terminals, signals.
using namespace dkvm::test;

namespace {

const std::string kKernel = DKVM_BIN_DIR "/dkvm-kernel";

std::string terminal_of(int master) {
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  return ::ptsname(master);
}

// A kernel whose terminal is the other end of `master`, as if typed there.
pid_t start_on_terminal(int master, const Desk& desk) {
  const std::string terminal = terminal_of(master);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid != 0) return pid;
  ::setsid();
  const int slave = ::open(terminal.c_str(), O_RDWR);
  const int log = ::open(desk.path("kernel.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (slave < 0 || log < 0 || ::ioctl(slave, TIOCSCTTY, 0) != 0) ::_exit(99);
  ::dup2(slave, 0);
  ::dup2(slave, 1);
  ::dup2(log, 2);
  ::execl(kKernel.c_str(), kKernel.c_str(), "--config", desk.config().c_str(), nullptr);
  ::_exit(98);
}

}  // namespace

TEST_CASE("A kernel without descriptors 0 to 2 runs, and stops in good order") {
  Desk desk;
  desk.write("devices: {}\n", ", log: {file: own.log}");
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    ::execl(kKernel.c_str(), kKernel.c_str(), "--config", desk.config().c_str(), nullptr);
    ::_exit(98);
  }
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("devices").status == 0; }));
  REQUIRE(::kill(pid, SIGTERM) == 0);
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(read_text(desk.path("own.log")).find("kernel desk has stopped") != std::string::npos);
}

TEST_CASE("SIGHUP reloads a kernel on a terminal, and stops it when the terminal is closed") {
  Desk desk;
  desk.write("devices: {}\n");
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  const pid_t pid = start_on_terminal(master, desk);
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("devices").status == 0; }));
  REQUIRE(::kill(pid, SIGHUP) == 0);
  REQUIRE(eventually(kPatience, [&] { return desk.log().find("reloaded") != std::string::npos; }));
  CHECK(desk.try_ctl("devices").status == 0);

  ::close(master);
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  INFO(desk.log());
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(desk.log().find("stopping: its terminal was closed") != std::string::npos);
}

TEST_CASE("A second kernel on a runtime directory is refused before it asks anybody") {
  Desk desk;
  desk.start("devices: {}\n");
  desk.write("devices:\n  witness: {exec: [/bin/sh, -c, touch " + desk.path("asked") + "]}\n");
  const Finished second = run_program("timeout 20 " + kKernel + " --config " + desk.config());
  CHECK(second.status == 1);
  CHECK(second.output.find("another kernel runs on the runtime directory") != std::string::npos);
  CHECK(::access(desk.path("asked").c_str(), F_OK) != 0);
}
