#pragma once

#include <functional>
#include <memory>

#include "kernel/device_manager/process.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/loop/unique_fd.hpp"

namespace dkvm {

// Watches the processes of the kernel and buries them: when one ends, its
// process group is killed before its id is given back, and every child that
// nobody here spawned (helpers that left the group are inherited) is killed,
// repeatedly until there is none.
class Reaper {
 public:
  struct Watch {
    std::function<void(ExitStatus)> exited;  // the last call for this process
    std::function<void(bool)> stopped;       // true: by a signal; false: continued
  };

  virtual ~Reaper() = default;

  // Takes `handle`, as the spawner gave it. Must be told of every child before
  // control returns to the loop, or it is taken for an orphan.
  virtual void watch(ProcessId pid, UniqueFd handle, Watch watch) = 0;

  // To the whole group. Nothing happens after `exited`.
  virtual void signal(ProcessId pid, KillSignal signal) = 0;

  // Kills the group and buries it without telling anybody.
  virtual void abandon(ProcessId pid) = 0;
};

// Makes the kernel the parent of all orphans below it. One per program.
std::unique_ptr<Reaper> make_reaper(Loop& loop);

}  // namespace dkvm
