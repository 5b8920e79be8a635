#pragma once

#include "tests/e2e/eventually.hpp"
#include "tests/integration/control/child.hpp"
#include "tests/support/run_program.hpp"

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::test {

using Json = nlohmann::json;

// True when there is no such process, or only its corpse.
bool is_gone(pid_t pid);

// True when a signal has stopped it.
bool is_stopped(pid_t pid);

// Buries the dead among the processes that a kernel left to us, and says how
// many of our children still live.
std::size_t reap_orphans();

// A whole kernel with its devices, in a directory of its own. Whatever is left
// of it is gone when the test is.
class Desk {
 public:
  explicit Desk(std::string kernel = "desk");
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // Devices and pipelines of a kvm.yaml; `kernel` may get more keys, and a
  // device `control` is added. Paths are relative to the desk's directory.
  void write(const std::string& yaml, const std::string& kernel_keys = "");
  // One more thing that dkvmctl may do: `{target: link, methods: [links.list]}`.
  void grant(const std::string& yaml) { grants_ += "      - " + yaml + "\n"; }
  // One more variable of the kernel's environment.
  void set(const std::string& name, const std::string& value) {
    environment_.push_back(name + "=" + value);
  }
  // Starts the kernel and waits until it answers calls and, `ready`, until all
  // its enabled devices run.
  void launch(bool ready = true);
  void start(const std::string& yaml) {
    write(yaml);
    launch();
  }

  std::string path(const std::string& name) const { return directory_ / name; }
  std::string config() const { return path("kvm.yaml"); }
  std::string socket() const { return path("run/control.sock"); }
  std::string log() const { return read_text(path("kernel.log")); }
  Child& kernel() { return *kernel_; }
  // Its status within this time; -1 when it still runs.
  int exit_status(Seconds most);

  // dkvmctl: must succeed and print JSON.
  Json ctl(const std::string& arguments) const;
  Finished try_ctl(const std::string& arguments) const;
  Json call(const std::string& method, const Json& params = Json::object()) const;

  Json device(const std::string& name) const;
  std::string state(const std::string& name) const;
  pid_t pid(const std::string& name) const;
  std::vector<pid_t> pids() const;
  void wait_state(const std::string& name, const std::string& state) const;
  // Waits until it runs as another process than `before`, which it returns.
  pid_t wait_restarted(const std::string& name, pid_t before) const;
  void kill(const std::string& name, int signal) const;

 private:
  std::string name_;
  std::string grants_;
  std::vector<std::string> environment_{"PATH=/usr/bin:/bin"};
  TempDir directory_;
  std::unique_ptr<Child> kernel_;
};

// A scripted source of a desk, and its line in the YAML. Exists before the
// kernel is started.
class Source {
 public:
  Source(const Desk& desk, const std::string& name);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // `  name: {exec: …}`; `config` is more of its configuration, `keys` more of
  // the device's.
  std::string yaml(const std::string& keys = "", const std::string& config = "") const;

  void tell(const std::string& command) const;
  void down(const std::string& code) const { tell("down " + code); }
  void up(const std::string& code) const { tell("up " + code); }
  void tap(const std::string& code) const {
    down(code);
    up(code);
  }

 private:
  std::string name_;
  std::string path_;
  int fd_ = -1;
};

}  // namespace dkvm::test
