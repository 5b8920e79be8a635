#include "tests/e2e/reload/session.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

// Files by chance, one after the other, beside a desk that must not notice them.
using namespace dkvm::test;

namespace {

constexpr int kReloads = 200;
constexpr std::size_t kDevices = 6;  // the first half sources, the others sinks
constexpr std::size_t kPipelines = 4;

bool is_source(std::size_t device) { return device < kDevices / 2; }
std::string device_name(std::size_t device) { return "d" + std::to_string(device); }

struct ByChance {
  bool enabled = true;
  std::uint64_t process = 0;  // needs another one where it differs
  std::uint64_t rule = 0;     // holds at once

  bool operator==(const ByChance&) const = default;
};

// By name; what is not there is not in the file.
struct File {
  std::map<std::size_t, ByChance> devices;
  std::map<std::string, std::string> pipelines;
};

class Writer {
 public:
  explicit Writer(Random& random) : random_(random) {}

  // Most of it as it was.
  File after(File file) {
    for (std::size_t device = 0; device < kDevices; ++device)
      if (one_in(4)) change(file, device);
    std::erase_if(file.pipelines, [&](const auto& each) { return !fits(each.second, file); });
    for (std::size_t number = 0; number < kPipelines; ++number)
      if (one_in(3)) change_pipeline(file, "p" + std::to_string(number));
    return file;
  }

 private:
  bool one_in(std::uint64_t many) { return random_.between(1, many) == 1; }

  void change(File& file, std::size_t device) {
    if (one_in(3)) {
      file.devices.erase(device);
      return;
    }
    ByChance& it = file.devices[device];
    if (one_in(3)) it.enabled = !it.enabled;
    if (one_in(2)) it.process = random_.between(0, 2);
    if (one_in(2)) it.rule = random_.between(0, 2);
  }

  static bool fits(const std::string& pipeline, const File& file) {
    for (std::size_t device = 0; device < kDevices; ++device)
      if (!file.devices.contains(device) && pipeline.find(device_name(device)) != std::string::npos)
        return false;
    return true;
  }

  void change_pipeline(File& file, const std::string& name) {
    file.pipelines.erase(name);
    const auto pick = [&](bool source) -> std::optional<std::string> {
      std::vector<std::string> names;
      for (const auto& [device, it] : file.devices)
        if (is_source(device) == source) names.push_back(device_name(device));
      if (names.empty()) return std::nullopt;
      return names[random_.between(0, names.size() - 1)];
    };
    const auto from = pick(true);
    const auto to = pick(false);
    if (!from || !to || one_in(4)) return;
    const std::array<std::string, 4> more = {"", ", via: [{remap: {KEY_A: KEY_C}}]",
                                             ", queue: {depth: 32}", ", enabled: false"};
    file.pipelines[name] = "{name: " + name + ", from: " + *from + "/keyboard, to: " + *to +
                           more[random_.between(0, more.size() - 1)] + "}";
  }

  Random& random_;
};

// The desk whose file changes, with a session of its own: a key that is held, and numbers.
class RandomDesk {
 public:
  RandomDesk() {
    for (std::size_t device = 0; device < kDevices / 2; ++device)
      sources_.push_back(std::make_unique<Source>(desk, device_name(device)));
    desk.start(yaml({}));
    keyboard.down("KEY_LEFTCTRL");
    REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
    for (const std::string& name : own_) pids_[name] = desk.pid(name);
  }

  // Checks the answer against what differs.
  void reload(const File& file) {
    desk.write(yaml(file));
    const Json answer = desk.ctl("reload");
    INFO(answer);
    std::set<std::string> started, stopped, changed;
    for (const auto& [device, it] : file.devices) {
      const auto before = now_.devices.find(device);
      if (before == now_.devices.end())
        started.insert(device_name(device));
      else if (!(before->second == it))
        changed.insert(device_name(device));
      const bool same_process = before != now_.devices.end() && before->second.enabled &&
                                it.enabled && before->second.process == it.process;
      if (!same_process) pids_.erase(device_name(device));
    }
    for (const auto& [device, it] : now_.devices)
      if (!file.devices.contains(device)) {
        stopped.insert(device_name(device));
        pids_.erase(device_name(device));
      }
    CHECK(answer.at("started").get<std::set<std::string>>() == started);
    CHECK(answer.at("changed").get<std::set<std::string>>() == changed);
    CHECK(answer.at("stopped").get<std::set<std::string>>() == stopped);
    CHECK(answer.at("pipelines_changed") == changed_pipelines(file));
    now_ = file;
  }

  // Whoever did not have to change is who it was, with the same ports; everybody else is
  // there soon.
  void check() {
    Json devices;
    const bool settled = eventually(kPatience, [&] {
      devices = desk.ctl("devices").at("devices");
      return std::all_of(devices.begin(), devices.end(), [&](const Json& each) {
        const std::string name = each.at("name");
        const std::string wanted = is_on(name) ? "running" : "stopped";
        return each.at("state") == wanted;
      });
    });
    INFO(devices.dump(1));
    REQUIRE(settled);
    CHECK(devices.size() == now_.devices.size() + own_.size());
    for (const Json& each : devices) {
      const std::string name = each.at("name");
      INFO(name);
      if (!is_on(name)) continue;
      const auto pid = each.at("pid").get<pid_t>();
      const Json ports = desk.device(name).at("ports");
      if (const auto known = pids_.find(name); known != pids_.end()) {
        CHECK(known->second == pid);
        if (ports_.contains(name)) CHECK(ports == ports_[name]);
      }
      pids_[name] = pid;
      ports_[name] = ports;
    }
    CHECK(typed.has({"KEY_LEFTCTRL"}));
    CHECK(typed.count("KEY_LEFTCTRL", false) == 0);
  }

  void check_complete() {
    keyboard.up("KEY_LEFTCTRL");
    CHECK(eventually(kPatience, [&] { return typed.has({}); }));
    CHECK(typed.changes().size() == 2);
    desk.ctl("device numbers stop");
    desk.wait_state("numbers", "stopped");
    const std::int64_t sent = Tally::of(desk.path("numbers.sent")).last;
    CHECK(sent > 0);
    CHECK(eventually(kPatience, [&] { return Tally::of(desk.path("numbers.came")).last == sent; }));
    CHECK(Tally::of(desk.path("numbers.came")).wrong == 0);
  }

  std::string yaml(const File& file) const {
    std::string text = "devices:\n" + keyboard.yaml() +
                       "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
                       "  numbers: {exec: [" DKVM_NUMBER_DEVICE
                       ", source], config: {file: numbers.sent}}\n"
                       "  counted: {exec: [" DKVM_NUMBER_DEVICE
                       ", sink], config: {file: numbers.came}}\n";
    for (const auto& [device, it] : file.devices) {
      const std::string keys = std::string(it.enabled ? "" : ", enabled: false") +
                               ", env: {PROCESS: '" + std::to_string(it.process) +
                               "'}, restart: {initial: " + std::to_string(it.rule + 1) + "s}";
      text += is_source(device)
                  ? sources_[device]->yaml(keys)
                  : "  " + device_name(device) +
                        ": {type: dummy-keyboard-sink, config: {file: " + device_name(device) +
                        ".jsonl}" + keys + "}\n";
    }
    text +=
        "pipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n"
        "  - {name: numbers, from: numbers, to: counted, queue: {depth: 16384}}\n";
    for (const auto& [name, pipeline] : file.pipelines) text += "  - " + pipeline + "\n";
    return text;
  }

  Desk desk;
  Source keyboard{desk, "keyboard"};
  SinkFile typed{desk.path("typed.jsonl")};

 private:
  bool is_on(const std::string& name) const {
    if (own_.contains(name)) return true;
    for (const auto& [device, it] : now_.devices)
      if (device_name(device) == name) return it.enabled;
    return false;
  }
  std::size_t changed_pipelines(const File& file) const {
    std::size_t count = 0;
    for (const auto& [name, pipeline] : file.pipelines) {
      const auto before = now_.pipelines.find(name);
      count += before == now_.pipelines.end() || before->second != pipeline;
    }
    for (const auto& [name, pipeline] : now_.pipelines) count += !file.pipelines.contains(name);
    return count;
  }

  const std::set<std::string> own_ = {"keyboard", "typed", "numbers", "counted", "control"};
  std::vector<std::unique_ptr<Source>> sources_;
  File now_;
  std::map<std::string, pid_t> pids_;  // of those that may not change
  std::map<std::string, Json> ports_;
};

}  // namespace

TEST_CASE("Whatever two files have in common goes on through a reload") {
  Random random;
  INFO(random.again());
  Writer writer(random);
  RandomDesk it;
  it.check();
  File file;
  for (int reload = 0; reload < kReloads; ++reload) {
    file = writer.after(file);
    INFO("reload " << reload << "\n" << it.yaml(file));
    it.reload(file);
    // The next may come while devices still start and stop.
    if (random.between(1, 4) == 1) it.check();
  }
  it.check();
  it.check_complete();
}
