#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dkvm::test {
namespace {

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    std::ifstream list(task.path() / "children");
    for (pid_t pid = 0; list >> pid;) found.push_back(pid);
  }
  return found;
}

char state_of(pid_t pid) {
  const std::string status = read_text("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = status.rfind(") ");
  return name_end == std::string::npos ? 'X' : status[name_end + 2];
}

}  // namespace

bool is_gone(pid_t pid) {
  const char state = state_of(pid);
  return state == 'X' || state == 'Z';
}

bool is_stopped(pid_t pid) { return state_of(pid) == 'T'; }

std::size_t reap_orphans() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  return children().size();
}

// What a dead kernel leaves behind becomes ours, and ends with us.
Desk::Desk(std::string kernel) : name_(std::move(kernel)) { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

Desk::~Desk() {
  kernel_.reset();
  eventually(kPatience, [] {
    for (const pid_t pid : children()) ::kill(pid, SIGKILL);
    return reap_orphans() == 0;
  });
}

void Desk::write(const std::string& yaml, const std::string& kernel_keys) {
  std::ofstream(path("control.yaml")) << "devices:\n  control:\n    type: control\n    grants:\n"
                                         "      - {target: kernel, methods: [\"devices.*\", "
                                         "\"pipelines.*\", \"log.*\", kernel.info, "
                                         "kernel.reload, memory.stats]}\n"
                                      << grants_;
  std::ofstream(config()) << "kernel: {name: " << name_ << ", runtime_dir: run" << kernel_keys
                          << "}\n"
                          << "include: [control.yaml]\n"
                          << yaml;
}

void Desk::launch(bool ready) {
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvm-kernel", "--config", config()};
  setup.environment = environment_;
  setup.err = path("kernel.log");
  setup.session = true;
  kernel_ = std::make_unique<Child>(setup);
  const bool up = eventually(kPatience, [&] {
    const Finished answer = try_ctl("devices");
    if (answer.status != 0) return kernel_->ended().has_value();
    const Json devices = Json::parse(answer.output);
    for (const Json& each : devices.at("devices"))
      if (ready && each.at("state") != "running" && each.at("state") != "stopped") return false;
    return true;
  });
  INFO(log());
  REQUIRE(up);
  REQUIRE_FALSE(kernel_->ended().has_value());
}

int Desk::exit_status(Seconds most) {
  eventually(most, [&] { return kernel_->ended().has_value(); });
  return kernel_->ended().value_or(-1);
}

Finished Desk::try_ctl(const std::string& arguments) const {
  return run_program(DKVM_BIN_DIR "/dkvmctl --timeout 15s --json --socket " + socket() + " " +
                     arguments);
}

Json Desk::ctl(const std::string& arguments) const {
  const Finished finished = try_ctl(arguments);
  INFO("dkvmctl " << arguments << "\n" << finished.output << "\n" << log());
  REQUIRE(finished.status == 0);
  return Json::parse(finished.output);
}

Json Desk::call(const std::string& method, const Json& params) const {
  return ctl("call kernel " + method + " '" + params.dump() + "'");
}

Json Desk::device(const std::string& name) const { return ctl("device " + name); }
std::string Desk::state(const std::string& name) const { return device(name).at("state"); }
pid_t Desk::pid(const std::string& name) const { return device(name).at("pid").get<pid_t>(); }

std::vector<pid_t> Desk::pids() const {
  std::vector<pid_t> all;
  const Json answer = ctl("devices");
  for (const Json& each : answer.at("devices")) all.push_back(each.at("pid").get<pid_t>());
  return all;
}

void Desk::wait_state(const std::string& name, const std::string& wanted) const {
  const bool reached = eventually(kPatience, [&] { return state(name) == wanted; });
  INFO(name << " is not " << wanted << "\n" << device(name).dump(2) << "\n" << log());
  REQUIRE(reached);
}

pid_t Desk::wait_restarted(const std::string& name, pid_t before) const {
  pid_t now = 0;
  const bool restarted = eventually(kPatience, [&] {
    const Json one = device(name);
    now = one.at("pid").get<pid_t>();
    return one.at("state") == "running" && now != before;
  });
  INFO(name << " was not restarted\n" << log());
  REQUIRE(restarted);
  return now;
}

void Desk::kill(const std::string& name, int signal) const {
  REQUIRE(::kill(pid(name), signal) == 0);
}

Source::Source(const Desk& desk, const std::string& name)
    : name_(name), path_(desk.path(name + ".fifo")) {
  REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
  fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(fd_ >= 0);
}

Source::~Source() { ::close(fd_); }

std::string Source::yaml(const std::string& keys, const std::string& config) const {
  return "  " + name_ + ": {exec: [" DKVM_SCRIPTED_SOURCE "], config: {commands: " + name_ +
         ".fifo" + config + "}" + keys + "}\n";
}

void Source::tell(const std::string& command) const {
  const std::string line = command + "\n";
  REQUIRE(::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

}  // namespace dkvm::test
