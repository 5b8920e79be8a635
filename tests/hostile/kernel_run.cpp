#include "tests/hostile/kernel_run.hpp"

#include "tests/support/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dkvm::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStopTimeMax{3000};
// A kernel with some twenty devices needs about 10 MiB and 80 descriptors.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kPeakKiBMax = 512 * 1024;  // with the sanitizer's own memory
#else
constexpr std::size_t kPeakKiBMax = 64 * 1024;
#endif
constexpr std::size_t kDescriptorsMax = 400;

void pause_a_moment() { ::poll(nullptr, 0, 20); }

std::size_t peak_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

}  // namespace

std::string liar(const std::string& lie, const std::string& more) {
  return "  " + lie + ":\n    exec: [" DKVM_LIAR ", --lie, " + lie + "]\n    restart: never\n" +
         more;
}

std::vector<std::string> events_of(const std::string& path) {
  std::vector<std::string> events;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    Json event = Json::parse(line, nullptr, false);
    if (event.is_object()) event.erase("t");
    events.push_back(event.dump());
  }
  return events;
}

// From here on the destructor cleans up, whatever fails.
KernelRun::KernelRun(const std::string& devices, const std::string& pipelines,
                     std::size_t bystander_keys)
    : KernelRun(bystander_keys) {
  dir_.file("kvm.yaml",
            "kernel:\n  runtime_dir: " + file("run") + "\n" +
                "devices:\n"
                "  control:\n    type: control\n    grants: [{target: kernel, methods: ['*']}]\n"
                "  typist:\n    type: dummy-keyboard-source\n"
                "    config: {file: typed.jsonl, mode: once, rate: 1000}\n"
                "  paper:\n    type: dummy-keyboard-sink\n    config: {file: paper.jsonl}\n" +
                devices + "pipelines:\n  - {name: typing, from: typist, to: paper}\n" + pipelines);
  start_again();
}

KernelRun::KernelRun(std::size_t bystander_keys) { write_bystander(bystander_keys); }

void KernelRun::start_again() {
  status_.reset();
  spawn();
  wait_until("the kernel answers", [this] { return ctl("devices").is_object(); });
}

void KernelRun::kill_kernel() {
  ::kill(pid_, SIGKILL);
  while (!ended()) pause_a_moment();
}

KernelRun::~KernelRun() {
  if (pid_ > 0 && !ended()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const pid_t left : processes()) ::kill(left, SIGKILL);
}

void KernelRun::write_bystander(std::size_t keys) {
  std::string text;
  for (std::size_t i = 0; i < keys; ++i)
    text += std::string("{\"t\":0,\"key\":\"KEY_") + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(i / 2) % 26] +
            "\",\"down\":" + (i % 2 == 0 ? "true" : "false") + "}\n";
  dir_.file("typed.jsonl", text);
}

// In its own directory, where a core file would be found, and allowed to leave one.
void KernelRun::spawn() {
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = core.rlim_max;
  ::setrlimit(RLIMIT_CORE, &core);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, dir_.path().c_str());
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, file("kernel.log").c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  std::string program = DKVM_BIN_DIR "/dkvm-kernel";
  std::string config = file("kvm.yaml");
  char option[] = "--config";
  char* argv[] = {program.data(), option, config.data(), nullptr};
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  REQUIRE(failed == 0);
}

std::optional<int> KernelRun::ended() {
  int raw = 0;
  if (!status_ && ::waitpid(pid_, &raw, WNOHANG) == pid_)
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

Json KernelRun::ctl(const std::string& command) {
  const Finished told = run_program(DKVM_BIN_DIR "/dkvmctl --json --socket " +
                                    file("run/control.sock") + " " + command);
  return told.status == 0 ? Json::parse(told.output, nullptr, false) : Json();
}

std::string KernelRun::log_tail() const {
  std::string text = log();
  constexpr std::size_t kBytesMax = 8000;
  if (text.size() > kBytesMax) text.erase(0, text.size() - kBytesMax);
  return "; the end of its log:\n" + text;
}

Json KernelRun::device(const std::string& name) {
  const Json all = ctl("devices");
  if (!all.is_object()) return {};
  for (const Json& each : all["devices"])
    if (each.value("name", "") == name) return each;
  return {};
}

Json KernelRun::deaths(const std::string& name) {
  const Json told = ctl("deaths " + name);
  return told.is_object() ? told["deaths"] : Json();
}

Json KernelRun::pipeline(const std::string& name) {
  const Json all = ctl("pipelines");
  if (!all.is_object()) return {};
  for (const Json& each : all["pipelines"])
    if (each.value("name", "") == name) return each;
  return {};
}

Json KernelRun::pools() {
  const Json told = ctl("call kernel memory.stats");
  return told.is_object() ? told["pools"] : Json();
}

void KernelRun::wait_until(const std::string& what, const std::function<bool()>& holds,
                           std::chrono::seconds time_max) {
  const auto end = Clock::now() + time_max;
  while (!holds()) {
    if (ended()) FAIL("the kernel ended before: " << what << log_tail());
    if (Clock::now() > end) FAIL("not in time: " << what << log_tail());
    descriptors_max_ = std::max(descriptors_max_, descriptors());
    pause_a_moment();
  }
}

void KernelRun::wait_state(const std::string& name, std::string_view state) {
  Json seen;
  wait_until(name + " is " + std::string(state), [&] {
    seen = device(name);
    return seen.is_object() && seen["state"] == state;
  });
}

void KernelRun::wait_failed(const std::string& name, std::string_view reason) {
  wait_state(name, "failed");
  const Json failed = device(name);
  INFO(name);
  CHECK_THAT(failed["reason"].get<std::string>(), Catch::Contains(std::string(reason)));
  const Json records = deaths(name);
  REQUIRE(records.is_array());
  REQUIRE(records.size() == 1);
  CHECK(records[0]["reason"] == failed["reason"]);
}

void KernelRun::check_bystander() {
  wait_state("typist", "finished");
  const auto typed = events_of(file("typed.jsonl"));
  wait_until("the paper has everything",
             [&] { return events_of(file("paper.jsonl")).size() >= typed.size(); });
  CHECK((events_of(file("paper.jsonl")) == typed));
  CHECK(device("typist")["incarnation"] == 1);
  CHECK(device("paper")["incarnation"] == 1);
}

void KernelRun::check_clean_stop() {
  CHECK(peak_kib(pid_) < kPeakKiBMax);
  CHECK(descriptors_max_ < kDescriptorsMax);
  const auto asked = Clock::now();
  ::kill(pid_, SIGTERM);
  while (!ended() && Clock::now() < asked + 4 * kStopTimeMax) ::poll(nullptr, 0, 1);
  const auto taken = Clock::now() - asked;
  if (status_ != 0 || taken > kStopTimeMax) FAIL_CHECK(log_tail());
  CHECK(status_ == 0);
  CHECK(std::chrono::duration_cast<std::chrono::milliseconds>(taken).count() <=
        kStopTimeMax.count());
  CHECK(processes().empty());
  for (const auto& entry : fs::directory_iterator(dir_.path()))
    CHECK_THAT(entry.path().filename().string(), !Catch::StartsWith("core"));
}

// Every device finds the name of the runtime directory in its environment.
std::vector<pid_t> KernelRun::processes() const {
  const std::string mark = "DKVM_RUNTIME_DIR=" + file("run");
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string environment = read_file(entry.path() / "environ");
    environment += '\0';
    if (environment.find(mark + '\0') != std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

std::size_t KernelRun::descriptors() const {
  std::error_code ignored;
  const fs::directory_iterator fds("/proc/" + std::to_string(pid_) + "/fd", ignored);
  return static_cast<std::size_t>(std::distance(fds, fs::directory_iterator()));
}

}  // namespace dkvm::test
