#include "tests/e2e/desk.hpp"
#include "tests/e2e/reload/tally.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <dkvm/detail/fd.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// Those who ask a kernel, and what they find: sockets of the dead, of others, and full ones.
using namespace dkvm::test;

namespace {

constexpr int kClients = 32;  // as many as the control device takes
constexpr uid_t kNobody = 65534;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

dkvm::detail::Fd connect_to(const std::string& path) {
  dkvm::detail::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    fd.reset();
  return fd;
}

// One of these writes requests without end, or garbage, and never reads an answer.
void pour(int client, bool garbage) {
  static const std::string calls = [] {
    std::string lines;
    for (int i = 0; i < 40; ++i)
      lines += R"({"id":)" + std::to_string(i) +
               R"(,"target":"kernel","method":"pipelines.list","params":{}})" + "\n";
    return lines;
  }();
  static const std::string noise(8 * 1024, '{');
  const std::string& bytes = garbage ? noise : calls;
  [[maybe_unused]] const ssize_t ignored =
      ::send(client, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

struct NumbersDesk {
  Desk desk;
  Source keyboard{desk, "keyboard"};
  SinkFile typed{desk.path("typed.jsonl")};

  std::string yaml(const std::string& more = "") const {
    return "devices:\n" + keyboard.yaml() +
           "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
           "  numbers: {exec: [" DKVM_NUMBER_DEVICE
           ", source], config: {file: numbers.sent}}\n"
           "  counted: {exec: [" DKVM_NUMBER_DEVICE ", sink], config: {file: numbers.came}}\n" +
           more +
           "pipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n"
           "  - {name: numbers, from: numbers, to: counted, queue: {depth: 16384}}\n";
  }
  std::int64_t came() const { return Tally::of(desk.path("numbers.came")).last; }
  void check_numbers() const {
    const std::int64_t before = came();
    CHECK(eventually(kPatience, [&] { return came() > before + 100; }));
    CHECK(Tally::of(desk.path("numbers.came")).wrong == 0);
  }
};

}  // namespace

TEST_CASE("Clients that stall or flood cost no event, and are gone when they hang up") {
  NumbersDesk it;
  it.desk.start(it.yaml());
  it.keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return it.typed.has({"KEY_LEFTCTRL"}); }));
  const std::vector<pid_t> before = it.desk.pids();
  {
    std::vector<dkvm::detail::Fd> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(connect_to(it.desk.socket()));
      REQUIRE(clients.back());
    }
    const std::int64_t begin = it.came();
    REQUIRE(eventually(kPatience, [&] {
      for (std::size_t i = 0; i < clients.size(); ++i)
        if (i % 4 != 0) pour(clients[i].get(), i % 4 == 1);  // every fourth only sits there
      return it.came() > begin + 1000;
    }));
    it.keyboard.tap("KEY_A");
    CHECK(eventually(kPatience, [&] { return it.typed.count("KEY_A", false) == 1; }));
    CHECK(Tally::of(it.desk.path("numbers.came")).wrong == 0);
  }
  REQUIRE(eventually(kPatience, [&] { return it.desk.try_ctl("status").status == 0; }));
  INFO(it.desk.log());
  CHECK(it.desk.pids() == before);
  CHECK(it.typed.count("KEY_LEFTCTRL", false) == 0);
  it.check_numbers();
}

TEST_CASE("A control device that is killed in the middle of a command: the kernel carries it out") {
  NumbersDesk it;
  it.desk.start(it.yaml());
  const std::string asked = it.desk.path("asked");
  // A program that does not say what it is: the reload is in its middle for two seconds.
  it.desk.write(it.yaml("  slow: {exec: [/bin/sh, -c, 'touch " + asked + "; sleep 100']}\n"));
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl", "--socket", it.desk.socket(), "reload"};
  setup.err = it.desk.path("reload.err");
  const pid_t control = it.desk.pid("control");
  Child reload(setup);
  REQUIRE(eventually(kPatience, [&] { return std::filesystem::exists(asked); }));
  ::kill(control, SIGKILL);
  REQUIRE(eventually(kPatience, [&] { return reload.ended().has_value(); }));
  CHECK(reload.ended() == 3);
  const std::string said = read_text(it.desk.path("reload.err"));
  CHECK(has(said, "kernel.reload: the connection was lost"));
  CHECK(has(said, "the call may have\nhappened all the same"));
  REQUIRE(eventually(kPatience, [&] { return has(it.desk.log(), "started slow"); }));
  REQUIRE(eventually(kPatience, [&] { return it.desk.try_ctl("status").status == 0; }));
  CHECK(it.desk.pid("control") != control);
  it.check_numbers();
}

TEST_CASE("The socket of a dead kernel is told as such, and the next kernel takes its place") {
  NumbersDesk it;
  it.desk.start(it.yaml());
  it.desk.kernel().signal(SIGSTOP);  // so that it starts no other control device
  const pid_t control = [&] {
    for (const auto& each : std::filesystem::directory_iterator("/proc")) {
      const std::string folder = each.path();
      if (has(read_text(folder + "/environ"), "DKVM_DEVICE=control") &&
          has(read_text(folder + "/environ"), it.desk.path("run")))
        return std::atoi(each.path().filename().c_str());
    }
    return 0;
  }();
  REQUIRE(control > 0);
  ::kill(control, SIGKILL);
  it.desk.kernel().signal(SIGKILL);
  REQUIRE(it.desk.exit_status(kPatience) == 128 + SIGKILL);
  REQUIRE(std::filesystem::exists(it.desk.socket()));
  const Finished dead =
      run_program(DKVM_BIN_DIR "/dkvmctl --socket " + it.desk.socket() + " status");
  CHECK(dead.status == 3);
  CHECK(has(dead.output, "nobody listens there any more"));
  it.desk.launch();
  CHECK(it.desk.state("control") == "running");
}

TEST_CASE("Another user gets no word of a kernel, and no kernel runs on a folder of another") {
  if (::geteuid() != 0) {
    std::printf("SKIPPED: being another user takes root\n");
    return;
  }
  NumbersDesk it;
  it.desk.start(it.yaml());
  const std::string as_nobody = "setpriv --reuid 65534 --clear-groups ";
  const std::string status = DKVM_BIN_DIR "/dkvmctl --socket " + it.desk.socket() + " status";
  for (const std::string& folder : {it.desk.path(""), it.desk.path("run")})
    REQUIRE(::chmod(folder.c_str(), 0755) == 0);
  if (run_program(as_nobody + DKVM_BIN_DIR "/dkvmctl --version").status != 0) {
    std::printf("SKIPPED: another user cannot run the programs where they lie\n");
    return;
  }
  const Finished refused = run_program(as_nobody + status);
  CHECK(refused.status == 3);
  CHECK(has(refused.output, "belongs to another user: try sudo"));
  REQUIRE(::chmod(it.desk.socket().c_str(), 0666) == 0);
  const Finished turned_away = run_program(as_nobody + status);
  CHECK(turned_away.status == 1);
  CHECK(has(turned_away.output, "denied"));
  CHECK(has(turned_away.output, "this kernel belongs to another user"));
  CHECK(it.desk.state("control") == "running");

  const std::string theirs = it.desk.path("theirs");
  REQUIRE(::mkdir(theirs.c_str(), 0777) == 0);
  REQUIRE(::chown(theirs.c_str(), kNobody, kNobody) == 0);
  std::ofstream(it.desk.path("other.yaml")) << "kernel: {runtime_dir: theirs}\ndevices: {}\n";
  const Finished kernel =
      run_program("timeout 20 " DKVM_BIN_DIR "/dkvm-kernel --config " + it.desk.path("other.yaml"));
  CHECK(kernel.status == 1);
  CHECK(has(kernel.output, "the runtime directory " + theirs + " is no directory of this user"));
  it.check_numbers();
}
