#pragma once

#include "tools/bench/harness/control.hpp"
#include "tools/bench/harness/process.hpp"

#include <string>

namespace dkvm::bench {

// A device started with nothing around it: the launcher, the program, hello and
// welcome. What a kernel's restart costs is judged against it.
struct BareDevice {
  detail::Fd stream;
  Process process;
};

// Returns once the device has introduced itself to the conductor as `name`.
Result<BareDevice> start_bare(Conductor& conductor, const std::string& role,
                              const std::string& name);

}  // namespace dkvm::bench
