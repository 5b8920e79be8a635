#include "config/places.hpp"
#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/run_tool.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <fstream>

namespace dkvm::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kArea = "versions";
constexpr std::chrono::milliseconds kAnswerTimeMax{5000};

// `dkvm-kernel 0.1.0`.
std::string version_of(const std::string& program) {
  const auto told = run_tool({program, "--version"}, {}, kAnswerTimeMax);
  if (!told || told->status != 0) return {};
  const std::size_t begin = told->out.find(' ') + 1;
  return told->out.substr(begin, told->out.find('\n') - begin);
}

void check_installed(const Patient& patient, Findings& findings) {
  const std::string version = version_of(find_program(patient.program_folders, "dkvm-kernel"));
  if (version.empty()) return;  // said already
  if (version == DKVM_VERSION)
    return findings.fine(kArea, fmt::format("dkvmctl and the kernel are {}", version));
  findings.warn(kArea, fmt::format("the kernel is {}, dkvmctl is {}", version, DKVM_VERSION),
                "install both from one build");
}

// The kernel that runs may be older than what is on the disk by now.
void check_running(const Patient& patient, Findings& findings) {
  if (!patient.kernel_answers)
    return findings.warn("kernel", fmt::format("no kernel answers: {}", patient.no_kernel),
                         "`dkvm-kernel --config kvm.yaml` starts one; --socket says where one is");
  const std::string version = text_of(patient.info, "version");
  std::error_code unreadable;  // another user's
  const std::string program =
      fs::read_symlink(fmt::format("/proc/{}/exe", text_of(patient.info, "pid")), unreadable)
          .string();
  if (version != DKVM_VERSION)
    findings.warn(kArea,
                  fmt::format("the kernel that runs is {}, dkvmctl is {}", version, DKVM_VERSION),
                  "start the kernel again");
  else if (program.ends_with(" (deleted)"))
    findings.warn(kArea, "the kernel that runs has been replaced on the disk since it started",
                  "start it again");
  else
    findings.fine("kernel", fmt::format("{} runs, pid {}, dKVM {}", text_of(patient.info, "name"),
                                        text_of(patient.info, "pid"), version));
}

// `Version: 0.1.0` of the SDK that is installed beside these programs, if one is.
std::string sdk_version() {
  const fs::path prefix = fs::path(own_folder()).parent_path();
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(prefix / "lib", ignored)) {
    if (entry.path().filename() != "dkvm.pc") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("Version: ")) return line.substr(9);
  }
  return {};
}

void check_sdk(Findings& findings) {
  const std::string version = sdk_version();
  if (version == DKVM_VERSION) findings.fine(kArea, fmt::format("the SDK is {}", version));
  if (version.empty() || version == DKVM_VERSION) return;
  findings.warn(kArea, fmt::format("the SDK is {}, dkvmctl is {}", version, DKVM_VERSION),
                "install both from one build, then build your devices again");
}

}  // namespace

void check_versions(const Patient& patient, Findings& findings) {
  check_installed(patient, findings);
  check_running(patient, findings);
  check_sdk(findings);
}

}  // namespace dkvm::ctl
