#include "config/loader.hpp"
#include "tools/dkvmctl/doctor/checks.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dkvm::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kArea = "permissions";

// The first folder on the way up that is there.
fs::path nearest(fs::path folder) {
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

void check_runtime_dir(const Patient& patient, Findings& findings) {
  const std::string folder = patient.config ? patient.config->kernel.runtime_dir
                                            : default_runtime_dir(LoadOptions::of_this_machine());
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) {
    const fs::path above = nearest(fs::path(folder).parent_path());
    if (::access(above.c_str(), W_OK | X_OK) == 0)
      return findings.fine(kArea, fmt::format("the runtime directory {} can be made", folder));
    return findings.error(kArea,
                          fmt::format("the runtime directory {} cannot be made: {} is not this "
                                      "user's",
                                      folder, above.string()),
                          "set XDG_RUNTIME_DIR, or `kernel: {runtime_dir: …}`");
  }
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
    return findings.error(kArea, fmt::format("{} is no directory of this user", folder),
                          "remove it, or set `kernel: {runtime_dir: …}`");
  if ((status.st_mode & 0022) != 0)
    return findings.error(kArea, fmt::format("others can write into {}", folder),
                          fmt::format("chmod 0700 {}", folder));
  findings.fine(kArea, fmt::format("the runtime directory is {}", folder));
}

std::size_t readable_event_devices(std::size_t& all) {
  std::size_t readable = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/dev/input", ignored)) {
    if (!entry.path().filename().string().starts_with("event")) continue;
    ++all;
    if (::access(entry.path().c_str(), R_OK) == 0) ++readable;
  }
  return readable;
}

// No device of dKVM itself reads these: the X server does. Devices of one's own may.
void check_input_nodes(const Patient& patient, Findings& findings) {
  bool own = false;
  for (const DeviceConfig* device : patient.devices({})) own = own || !device->exec.empty();
  std::size_t all = 0;
  const std::size_t readable = readable_event_devices(all);
  const bool makes_input = ::access("/dev/uinput", W_OK) == 0;
  const std::string what =
      fmt::format("this user can read {} of {} in /dev/input, and {} /dev/uinput", readable, all,
                  makes_input ? "use" : "not use");
  if (!own || (readable == all && makes_input)) return findings.fine(kArea, what);
  findings.warn(
      kArea, what,
      "a device of yours that needs them: `sudo usermod -aG input $USER`, a udev rule for "
      "uinput, and a new login");
}

void check_key(const Patient& patient, Findings& findings) {
  const fs::path key = patient.trust_folder / "identity.key";
  struct stat status {};
  if (::stat(key.c_str(), &status) != 0) {
    if (errno != ENOENT)
      findings.error(kArea, fmt::format("{}: {}", key.string(), std::strerror(errno)),
                     "run this as the user of the kernel, or name --folder");
    return;  // the area of pins says that there is none
  }
  if ((status.st_mode & 0077) == 0)
    return findings.fine(kArea, fmt::format("{} is its owner's alone", key.string()));
  findings.error(kArea,
                 fmt::format("others can read {} (mode {:04o}): it counts as stolen", key.string(),
                             static_cast<unsigned>(status.st_mode & 07777)),
                 fmt::format("chmod 0600 {} if nobody has read it, else `dkvmctl identity rotate`",
                             key.string()));
}

}  // namespace

void check_permissions(const Patient& patient, Findings& findings) {
  check_runtime_dir(patient, findings);
  check_key(patient, findings);
  check_input_nodes(patient, findings);
}

}  // namespace dkvm::ctl
