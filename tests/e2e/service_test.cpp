#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

// The kernel as a service manager sees it: sd_notify(3) over a real socket.
using namespace dkvm::test;

namespace {

class Manager {
 public:
  // "/path" or "@abstract".
  explicit Manager(const std::string& address) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    std::memcpy(own.sun_path, address.data(), address.size());
    const bool abstract = address.front() == '@';
    if (abstract) own.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                               (abstract ? 0 : 1));
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&own), length) == 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { ::close(fd_); }

  // Waits until it has been told exactly this; what came before it is forgotten.
  bool hears(const std::string& message) {
    return eventually(kPatience, [&] {
      listen();
      const auto found = std::ranges::find(told_, message);
      if (found == told_.end()) return false;
      told_.erase(told_.begin(), found + 1);
      return true;
    });
  }
  std::size_t count(const std::string& message) {
    listen();
    return static_cast<std::size_t>(std::ranges::count(told_, message));
  }
  std::string all() const {
    std::string text;
    for (const std::string& message : told_) text += message + "\n";
    return text;
  }

 private:
  void listen() {
    char bytes[4096];
    for (;;) {
      const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
      if (got < 0) return;
      told_.emplace_back(bytes, static_cast<std::size_t>(got));
    }
  }

  int fd_;
  std::vector<std::string> told_;
};

}  // namespace

TEST_CASE("A service manager is told of the start, a death, reloads and the stop") {
  Desk desk;
  const bool abstract = GENERATE(false, true);
  const std::string address =
      abstract ? "@dkvm-service-test-" + std::to_string(::getpid()) : desk.path("notify");
  Manager manager(address);
  desk.set("NOTIFY_SOCKET", address);
  desk.write(
      "devices:\n"
      "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
      "  broken: {exec: [/bin/sh, -c, 'echo no pedal there >&2; exit 125']}\n"
      "  off: {type: dummy-keyboard-sink, enabled: false, config: {file: off.jsonl}}\n");
  desk.launch(false);  // one of them never runs
  INFO(desk.log());
  CHECK(manager.hears("READY=1"));
  CHECK(manager.hears("STATUS=2 of 3 devices run; in trouble: broken (failed: " +
                      desk.device("broken").at("reason").get<std::string>() + ")"));

  desk.write("devices: {typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}}\n");
  desk.kernel().signal(SIGHUP);
  CHECK(manager.hears("READY=1"));
  CHECK(manager.hears("STATUS=2 devices run"));

  desk.write("devices: {typed: {typo: dummy-keyboard-sink}}\n");
  CHECK(desk.try_ctl("reload").status == 1);
  CHECK(manager.hears("READY=1"));
  CHECK(eventually(kPatience, [&] {
    manager.count("");
    return manager.all().find("STATUS=2 devices run; the last reload failed: ") !=
           std::string::npos;
  }));

  desk.kernel().signal(SIGTERM);
  CHECK(desk.exit_status(kPatience) == 0);
  CHECK(manager.hears("STOPPING=1"));
  CHECK(manager.hears("STATUS=stopping"));
  CHECK(manager.all().empty());
}

TEST_CASE("A service manager is told that a reload begins before it is told that it is over") {
  Desk desk;
  Manager manager(desk.path("notify"));
  desk.set("NOTIFY_SOCKET", desk.path("notify"));
  desk.start("devices: {}\n");
  REQUIRE(manager.hears("READY=1"));
  CHECK(desk.try_ctl("reload").status == 0);
  REQUIRE(eventually(kPatience, [&] { return manager.count("READY=1") == 1; }));
  const std::string told = manager.all();
  CHECK(told.find("RELOADING=1\nMONOTONIC_USEC=") < told.find("READY=1"));
}

TEST_CASE("A kernel that is watched gives signs of life, and its devices inherit none of it") {
  Desk desk;
  Manager manager(desk.path("notify"));
  desk.set("NOTIFY_SOCKET", desk.path("notify"));
  desk.set("WATCHDOG_USEC", "100000");
  desk.write("devices: {env: {exec: [/bin/sh, -c, 'env >" + desk.path("seen") + "; exit 125']}}\n");
  desk.launch(false);
  REQUIRE(manager.hears("READY=1"));
  CHECK(eventually(kPatience, [&] { return manager.count("WATCHDOG=1") >= 5; }));
  const std::string seen = read_text(desk.path("seen"));
  CHECK(seen.find("DKVM_DEVICE=env") != std::string::npos);
  CHECK(seen.find("NOTIFY_SOCKET") == std::string::npos);
  CHECK(seen.find("WATCHDOG") == std::string::npos);
}

TEST_CASE("A manager that has gone away is nothing to the kernel, and a wrong address an error") {
  Desk desk;
  desk.set("NOTIFY_SOCKET", desk.path("nobody-listens"));
  desk.start("devices: {}\n");
  desk.kernel().signal(SIGTERM);
  CHECK(desk.exit_status(kPatience) == 0);

  const Finished wrong =
      run_program("NOTIFY_SOCKET=relative " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  CHECK(wrong.status == 2);
  CHECK(wrong.output ==
        "dkvm-kernel: NOTIFY_SOCKET is 'relative', expected /path or @name of at "
        "most 107 bytes\n");
}

TEST_CASE("Without --config the kernel takes the user's own file, and says where it looked") {
  Desk desk;
  const std::string run = "HOME=" + desk.path("") + " XDG_CONFIG_HOME=" + desk.path("cfg") + " " +
                          DKVM_BIN_DIR "/dkvm-kernel --check";
  REQUIRE(run_program("mkdir -p " + desk.path("cfg/dkvm")).status == 0);
  std::ofstream(desk.path("cfg/dkvm/kvm.yaml")) << "devices: {}\n";
  const Finished fine = run_program(run);
  CHECK(fine.status == 0);
  CHECK(fine.output == desk.path("cfg/dkvm/kvm.yaml") + ": fine: 0 devices, 0 pipelines\n");

  std::ofstream(desk.path("cfg/dkvm/kvm.yaml")) << "device: {}\n";
  const Finished wrong = run_program(run);
  CHECK(wrong.status == 2);
  CHECK(wrong.output.starts_with(desk.path("cfg/dkvm/kvm.yaml") + ":1:1: "));
}
