#include "tests/integration/control/fake_kernel.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr int kRefused = 125;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

// A socket's name whose process is gone.
void leave_stale_socket(const std::string& path) {
  const detail::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

bool ends_with(FakeKernel& kernel, int code) {
  return kernel.until([&] { return kernel.device().ended().has_value(); }) &&
         kernel.device().ended() == code;
}

// What a process of user `nobody` reads from the socket; needs root.
std::string read_as_nobody(const std::string& path, FakeKernel& kernel) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const detail::Fd reading(ends[0]);
  detail::Fd writing(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setuid(kNobody) != 0) ::_exit(1);
    RawClient client(path);
    char bytes[512];
    const ssize_t got = ::recv(client.fd(), bytes, sizeof(bytes), 0);
    ::_exit(got > 0 && ::write(writing.get(), bytes, static_cast<std::size_t>(got)) == got ? 0 : 1);
  }
  writing.reset();
  CHECK(kernel.until([&] { return ::waitpid(child, nullptr, WNOHANG) == child; }));
  char bytes[512];
  const ssize_t got = ::read(reading.get(), bytes, sizeof(bytes));
  return {bytes, got > 0 ? static_cast<std::size_t>(got) : 0};
}

}  // namespace

TEST_CASE("the socket is its owner's alone, and so is the directory that it makes") {
  const TempDir directory;
  const std::string path = directory / "made/here.sock";
  FakeKernel kernel(directory.path(), {"DKVM_CONFIG_SOCKET=" + path});
  REQUIRE(kernel.until([&] { return RawClient(path).connected(); }));
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(directory / "made") == 0700);
}

TEST_CASE("a stop, SIGTERM and the kernel's end take the socket away and end clients with a word") {
  const auto how = GENERATE(0, 1, 2);
  CAPTURE(how);
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  RawClient client(kernel.socket());
  REQUIRE(client.send(request(1, "slow")));
  REQUIRE(kernel.until([&] { return kernel.waiting.size() == 1; }));
  if (how == 0) kernel.send(wire::FrameKind::stop);
  if (how == 1) kernel.device().signal(SIGTERM);
  if (how == 2) kernel.hang_up();
  CHECK(has(client.line(kernel), R"({"id":null,"error":{"code":"disconnected")"));
  CHECK(client.ended(kernel));
  CHECK(ends_with(kernel, 0));
  CHECK_FALSE(std::filesystem::exists(kernel.socket()));
}

TEST_CASE("a stale socket is cleared away, and the one after a SIGKILL too") {
  const TempDir directory;
  leave_stale_socket(directory / "control.sock");
  {
    FakeKernel killed(directory.path());
    REQUIRE(killed.ready());
    killed.device().signal(SIGKILL);
    REQUIRE(ends_with(killed, 128 + SIGKILL));
  }
  REQUIRE(std::filesystem::exists(directory / "control.sock"));
  FakeKernel kernel(directory.path());
  CHECK(kernel.ready());
}

TEST_CASE("a second control on a live socket says so, ends, and leaves the first alone") {
  const TempDir directory;
  FakeKernel first(directory.path());
  first.on("kernel.info", "{}");
  REQUIRE(first.ready());
  FakeKernel second(directory.path());
  REQUIRE(second.until([&] {
    first.until([] { return true; });
    return second.device().ended().has_value();
  }));
  CHECK(second.device().ended() == 1);
  CHECK(has(second.log(), "another process listens at '" + first.socket() + "'"));
  RawClient client(first.socket());
  REQUIRE(client.send(request(1, "kernel.info")));
  CHECK(client.line(first) == R"({"id":1,"result":{}})");
}

TEST_CASE("a path that cannot be a socket parks the device with a reason") {
  const TempDir directory;
  std::ofstream(directory / "file") << "mine";
  struct Case {
    std::string path;
    std::string reason;
  };
  for (const Case& wrong : {
           Case{directory / std::string(200, 'x'), "1 to 107 are possible"},
           Case{directory / "file", "is there already and is no socket"},
           Case{directory / "no/such/control.sock", "making the directory"},
           Case{directory / "file/control.sock", "is no directory"},
       }) {
    CAPTURE(wrong.path);
    FakeKernel kernel(directory.path(), {"DKVM_CONFIG_SOCKET=" + wrong.path});
    CHECK(ends_with(kernel, kRefused));
    CHECK(has(kernel.log(), wrong.reason));
  }
  CHECK(read_text(directory / "file") == "mine");
}

TEST_CASE("a socket that somebody else has put in its place is left there") {
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  std::filesystem::remove(kernel.socket());
  leave_stale_socket(kernel.socket());
  kernel.send(wire::FrameKind::stop);
  CHECK(ends_with(kernel, 0));
  CHECK(std::filesystem::exists(kernel.socket()));
}

TEST_CASE("another user is turned away even where the file's mode would let them in") {
  if (::geteuid() != 0) {
    WARN("run as root to see another user turned away");
    return;
  }
  const TempDir directory;
  FakeKernel kernel(directory.path());
  REQUIRE(kernel.ready());
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(kernel.socket().c_str(), 0666) == 0);
  CHECK(has(read_as_nobody(kernel.socket(), kernel), R"("code":"denied")"));
  CHECK(has(kernel.log(), "turned away a process of user 65534"));
}
