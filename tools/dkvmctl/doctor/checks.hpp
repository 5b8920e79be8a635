#pragma once

#include "config/model.hpp"
#include "tools/dkvmctl/doctor/finding.hpp"
#include "tools/dkvmctl/json.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::ctl {

// What there is to look at: a file that a kernel is to run, if one was named, and a kernel
// that runs, if one answers.
struct Patient {
  std::optional<Config> config;
  std::string config_file;
  std::filesystem::path trust_folder;
  std::vector<std::string> program_folders;

  bool kernel_answers = false;
  std::string no_kernel;               // why not
  Json info;                           // kernel.info
  Json links;                          // of all link devices together
  std::vector<std::string> listening;  // addresses of link devices of that kernel

  // The enabled devices of the file of this type, all without one.
  std::vector<const DeviceConfig*> devices(const std::string& type) const;
  bool makes_links() const;
};

// Each looks at one area, in the order of the report.
void check_programs(const Patient& patient, Findings& findings);
void check_versions(const Patient& patient, Findings& findings);
void check_displays(const Patient& patient, Findings& findings);
void check_permissions(const Patient& patient, Findings& findings);
void check_pins(const Patient& patient, Findings& findings);
void check_ports(const Patient& patient, Findings& findings);
void check_clocks(const Patient& patient, Findings& findings);
void check_limits(const Patient& patient, Findings& findings);

}  // namespace dkvm::ctl
