#include "kernel/setup/plan_changes.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace dkvm;

namespace {

using Names = std::vector<std::string>;

DevicePlan device_of(const std::string& name) {
  DevicePlan device;
  device.name = name;
  device.spec.name = name;
  device.spec.program.path = "/bin/" + name;
  return device;
}

Manifest manifest_of(const std::string& port) {
  Manifest manifest;
  manifest.type = "pedal";
  manifest.ports.emplace_back().name = port;
  return manifest;
}

Plan plan_of(const Names& devices) {
  Plan plan;
  for (const auto& name : devices) plan.devices.push_back(device_of(name));
  return plan;
}

}  // namespace

TEST_CASE("the same plan is no change") {
  const PlanChanges changes = changes_between(plan_of({"a", "b"}), plan_of({"a", "b"}));
  CHECK(changes.none());
  CHECK(to_words(changes) == "nothing has changed");
}

TEST_CASE("devices come, go and change") {
  Plan before = plan_of({"gone", "same", "told", "limited", "off", "granted", "talkative"});
  Plan after = plan_of({"same", "told", "limited", "off", "granted", "talkative", "new"});
  after.devices[1].spec.program.env = {"DKVM_CONFIG={}"};
  after.devices[2].spec.supervision.restart = RestartPolicy::always;
  after.devices[3].enabled = false;
  after.devices[4].grants.push_back({"kernel", {"log.*"}});
  after.devices[5].spec.log_rate.bytes_per_s = 1024;
  const PlanChanges changes = changes_between(before, after);
  CHECK(changes.started == Names{"new"});
  CHECK(changes.stopped == Names{"gone"});
  CHECK(changes.changed == Names{"told", "limited", "off", "granted", "talkative"});
  CHECK(needs_new_process(before.devices[2], after.devices[1]));
  CHECK_FALSE(needs_new_process(before.devices[3], after.devices[2]));
}

TEST_CASE("a device that says to be another is started anew, one that says it at last is not") {
  DevicePlan before = device_of("a");
  DevicePlan after = before;
  before.manifest = manifest_of("old");
  after.manifest = manifest_of("old");
  CHECK_FALSE(needs_new_process(before, after));
  after.manifest = manifest_of("new");
  CHECK(needs_new_process(before, after));
  before.manifest.reset();
  CHECK_FALSE(needs_new_process(before, after));
}

TEST_CASE("pipelines are counted that came, went or changed") {
  Plan before, after;
  for (const auto* name : {"gone", "same", "other"}) before.pipelines.emplace_back().name = name;
  for (const auto* name : {"same", "other", "new"}) after.pipelines.emplace_back().name = name;
  after.pipelines[1].events = {"key"};
  CHECK(changes_between(before, after).pipelines == 3);
}

TEST_CASE("every difference of the kernel's own section is told") {
  Plan before, after;
  after.kernel.log.level = LogConfig::Level::debug;
  after.kernel.log.file = "/tmp/k.log";
  after.kernel.log.lines_max = 100;
  after.kernel.log.bytes_max = 1 << 20;
  after.kernel.exit_when = KernelConfig::ExitWhen::finished;
  const PlanChanges changes = changes_between(before, after);
  CHECK(changes.changed == Names{"kernel.log.level", "kernel.log.file", "kernel.exit_when",
                                 "kernel.log.lines_max", "kernel.log.bytes_max"});
  CHECK(changes.needs_restart.empty());
}

TEST_CASE("a running kernel keeps its name and its directory") {
  KernelConfig running;
  running.name = "desk";
  running.runtime_dir = "/run/desk";
  Config config;
  config.kernel = running;
  CHECK(keep_identity(config, running).empty());
  config.kernel.name = "other";
  config.kernel.runtime_dir = "/run/other";
  CHECK(keep_identity(config, running) == Names{"kernel.name", "kernel.runtime_dir"});
  CHECK(config.kernel.name == "desk");
  CHECK(config.kernel.runtime_dir == "/run/desk");
}

TEST_CASE("changes are told to programs and to people") {
  PlanChanges changes;
  changes.started = {"a", "b"};
  changes.changed = {"kernel.log.level"};
  changes.needs_restart = {"kernel.name"};
  changes.pipelines = 1;
  CHECK(to_words(changes) ==
        "started a, b; changed kernel.log.level; 1 pipeline changed; only a restart of the kernel "
        "changes kernel.name");
  CHECK(to_json(changes).dump() ==
        R"({"changed":["kernel.log.level"],"needs_restart":["kernel.name"],)"
        R"("pipelines_changed":1,"started":["a","b"],"stopped":[],"switches_changed":[]})");
}

TEST_CASE("grants of callers beyond links are a change of their own") {
  const Plan before = plan_of({"a"});
  Plan after = plan_of({"a"});
  after.far_grants.push_back({"link/laptop:*", {"kernel", {"devices.list"}}});
  CHECK(changes_between(before, after).changed == Names{"grants"});
  CHECK(changes_between(after, before).changed == Names{"grants"});
  CHECK(changes_between(after, after).none());
}
