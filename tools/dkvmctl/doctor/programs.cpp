#include "config/places.hpp"
#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/run_tool.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <set>

namespace dkvm::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kArea = "programs";
constexpr std::chrono::milliseconds kCheckTimeMax{20'000};

bool is_there(const std::string& path) {
  return path.find('/') != std::string::npos && ::access(path.c_str(), X_OK) == 0;
}

void check_types(const Patient& patient, Findings& findings) {
  std::set<std::string> types;
  for (const DeviceConfig* device : patient.devices({}))
    if (!device->type.empty()) types.insert(device->type);
  std::size_t there = 0;
  for (const std::string& type : types) {
    const std::string program = find_program(patient.program_folders, "dkvm-" + type);
    if (is_there(program)) {
      ++there;
    } else {
      findings.error(kArea, fmt::format("the program of devices of type {} is missing", type),
                     fmt::format("install dkvm-{} beside the others, or into a folder of "
                                 "DKVM_DEVICE_PATH",
                                 type));
    }
  }
  if (there != 0 && there == types.size())
    findings.fine(kArea, fmt::format("the programs of all {} types of devices are there", there));
}

void check_exec(const Patient& patient, Findings& findings) {
  for (const DeviceConfig* device : patient.devices({})) {
    if (device->exec.empty()) continue;
    const std::string& program = device->exec.front();
    const bool has_path = program.find('/') != std::string::npos;
    const std::string path = has_path ? (fs::path(device->folder) / program).string() : program;
    if (!has_path || is_there(path)) continue;  // others are found by PATH, or not
    findings.error(kArea, fmt::format("{} of device {} cannot be run", path, device->name),
                   "build or install it, or mend its `exec`");
  }
}

// By the kernel itself: it knows the manifests.
void check_file(const Patient& patient, const std::string& kernel, Findings& findings) {
  const auto checked =
      run_tool({kernel, "--config", patient.config_file, "--check"}, {}, kCheckTimeMax);
  if (checked && checked->status == 0)
    return findings.fine("configuration", fmt::format("{} is right", patient.config_file));
  const std::string said = checked ? checked->err : checked.error().message();
  findings.error("configuration", said.substr(0, said.find('\n')),
                 fmt::format("mend it; `dkvm-kernel --config {} --check` has all errors",
                             patient.config_file));
}

}  // namespace

void check_programs(const Patient& patient, Findings& findings) {
  std::string kernel;
  for (const char* program : {"dkvm-kernel", "dkvm-launcher", "dkvm-control"}) {
    const std::string path = find_program(patient.program_folders, program);
    if (std::string_view(program) == "dkvm-kernel") kernel = path;
    if (!is_there(path))
      findings.error(kArea, fmt::format("{} is not beside dkvmctl", program),
                     "install dKVM as a whole: `cmake --install build/release --prefix …`");
  }
  if (is_there(kernel)) findings.fine(kArea, fmt::format("the kernel is {}", kernel));
  check_types(patient, findings);
  check_exec(patient, findings);
  if (!patient.config_file.empty() && is_there(kernel)) check_file(patient, kernel, findings);
}

}  // namespace dkvm::ctl
