#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/format.hpp"

#include <dkvm/detail/fd.hpp>

#include <fmt/format.h>

#include <sys/inotify.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace dkvm::ctl {
namespace {

constexpr const char* kArea = "limits";
// Of the kernel: a stream, a log and a handle of each device, and pools of it.
constexpr rlim_t kFilesPerDevice = 16;
constexpr rlim_t kFilesOfTheKernel = 64;

void check_open_files(const Patient& patient, Findings& findings) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  const std::size_t devices = patient.config ? patient.config->devices.size() : 0;
  const rlim_t wanted = kFilesOfTheKernel + kFilesPerDevice * devices;
  // The kernel itself takes all that it may.
  if (files.rlim_max >= wanted)
    return findings.fine(kArea, fmt::format("a process may open {} files", files.rlim_max));
  findings.error(kArea,
                 fmt::format("a process may open {} files, {} devices need up to {}",
                             files.rlim_max, devices, wanted),
                 "LimitNOFILE= of the service, or /etc/security/limits.conf");
}

// Link devices watch the file of pins. By doing it, as that is what counts.
void check_inotify(const Patient& patient, Findings& findings) {
  const detail::Fd watcher(::inotify_init1(IN_CLOEXEC));
  const bool watches = watcher && ::inotify_add_watch(watcher.get(), "/", IN_DELETE_SELF) >= 0;
  if (watches) return findings.fine(kArea, "files can be watched");
  Finding finding{
      patient.makes_links() ? Level::error : Level::warning, kArea,
      fmt::format("files cannot be watched: {}", std::strerror(errno)),
      "sudo sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=65536"};
  findings.add(std::move(finding));
}

std::uint64_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  for (std::uint64_t kib = 0; file >> key >> kib >> unit;)
    if (key == "MemAvailable:") return kib * 1024;
  return 0;
}

void check_memory(const Patient& patient, Findings& findings) {
  const std::uint64_t most =
      patient.config ? patient.config->kernel.buffers : kKernelBuffersBytesDefault;
  const std::uint64_t there = available_bytes();
  const std::string what = fmt::format("pools may take {}, and {} of memory are available",
                                       bytes_text(most), bytes_text(there));
  if (there == 0 || most <= there) return findings.fine(kArea, what);
  findings.warn(kArea, what, "`kernel: {buffers: …}` sets a lower limit");
}

}  // namespace

void check_limits(const Patient& patient, Findings& findings) {
  check_open_files(patient, findings);
  check_inotify(patient, findings);
  check_memory(patient, findings);
}

}  // namespace dkvm::ctl
