#pragma once

#include "tools/dkvmctl/machine/display.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dkvm::ctl {

enum class Role {
  desk,    // keyboard and mouse are here
  laptop,  // is worked on from a desk
  lab,     // nothing real: devices that play and record files
};

// What is known of a machine for which a kvm.yaml is to be made.
struct Machine {
  std::string name;                // a name of kernels
  std::optional<Display> display;  // the one that DISPLAY names, if it opens
  std::string no_display;          // why there is none
  std::string sound;               // what plays it here; empty for nothing known
  std::string identity;            // the beginning of its fingerprint; empty without one
  std::vector<std::string> peers;  // that are trusted
};

// A kvm.yaml with comments, which a kernel of this machine runs as it is.
std::string kvm_yaml(const Machine& machine, Role role);

}  // namespace dkvm::ctl
