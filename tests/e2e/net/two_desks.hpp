#pragma once

#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"
#include "tests/support/networks.hpp"
#include "tools/netlab/cable.hpp"

#include <cstdint>
#include <string>

namespace dkvm::test {

// A keyboard at one kernel (`desk`, a tcp-server) types on another (`laptop`, a
// tcp-client) in a host of its own; a cable is between them.
class TwoDesks {
 public:
  TwoDesks();

  // Starts both, with these further devices and pipelines, and returns once keys pass.
  struct More {
    std::string desk_devices;
    std::string desk_pipelines;
    std::string laptop_devices;
    std::string laptop_pipelines;
  };
  void start(const More& more);
  void start() { start(More{}); }
  // A kernel that has ended is started again, with what it had.
  void launch(Desk& desk);

  // Returns once a key passes, and nothing is down.
  void await_keys();

  // What both kernels reported lost.
  std::uint64_t gaps() const;
  // Everything of a kernel, stopped and continued at once: a machine that stands still.
  void freeze(Desk& desk);
  void thaw();
  std::string logs() const;

  netlab::Host desk_host = must(netlab::Host::make());
  netlab::Host laptop_host = must(netlab::Host::make());
  netlab::Cable cable = must(netlab::Cable::lay(desk_host, laptop_host, 1));
  Desk desk{"desk"};
  Desk laptop{"laptop"};
  Source keyboard{desk, "keyboard"};
  SinkFile typed{laptop.path("typed.jsonl")};

 private:
  std::vector<pid_t> frozen_;
};

// Memory that a process has at this moment.
std::uint64_t resident_bytes(pid_t pid);

}  // namespace dkvm::test
