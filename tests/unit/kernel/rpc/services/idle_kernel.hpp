#pragma once

#include "kernel/switchboard.hpp"

#include <dkvm/result.hpp>

#include <utility>

namespace dkvm::test {

// The modules of a kernel that starts no process.
struct IdleKernel {
  struct NoSpawner final : Spawner {
    Result<Process> spawn(const SpawnRequest&) override {
      return fail(Errc::exhausted, "no process is started here");
    }
  };
  struct NoReaper final : Reaper {
    void watch(ProcessId, UniqueFd, Watch) override {}
    void signal(ProcessId, KillSignal) override {}
    void abandon(ProcessId) override {}
  };

  IdleKernel() { switchboard.attach(devices); }

  Loop loop;
  Log log{{.level = RecordLevel::error}};
  Grants grants;
  Switchboard switchboard{loop, log, "idle", 1, grants};
  NoSpawner spawner;
  NoReaper reaper;
  DeviceManager devices{loop, switchboard, spawner, reaper, [] { return 0.5; }};
};

}  // namespace dkvm::test
