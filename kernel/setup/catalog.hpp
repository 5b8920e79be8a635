#pragma once

#include "config/check.hpp"
#include "config/model.hpp"
#include "kernel/device_manager/spawner.hpp"

#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// Knows where device programs lie and what they say they are. Types are
// `dkvm-<type>` in the given folders, with the manifest that was made at build
// beside them. Programs of `exec` are asked (`--describe`) once for the same
// program and arguments, and only by ask().
class Catalog final : public ManifestSource {
 public:
  Catalog(std::vector<std::string> folders, Spawner& spawner);

  // The folders to look in: DKVM_DEVICE_PATH (colon-separated) where it is set,
  // that of the running program, and ../libexec/dkvm from there.
  static std::vector<std::string> default_folders(const std::string& own_folder);
  // The path of a program in the first folder that has it; else its bare name.
  static std::string find_program(const std::vector<std::string>& folders, std::string_view name);

  // Asks the exec devices that were not asked before, in parallel, 2 s each.
  void ask(const Config& config);

  std::string program_of(const DeviceConfig& device) const;
  static std::vector<std::string> arguments_of(const DeviceConfig& device);
  // Why an exec device has no manifest; empty when it has one or was not asked.
  std::string doubt(const DeviceConfig& device) const;

  const Manifest* find(const DeviceConfig& device) const override;
  std::vector<std::string> types() const override;

 private:
  using Command = std::vector<std::string>;
  static Command command_of(const DeviceConfig& device);
  void read_types(const std::string& folder);

  std::vector<std::string> folders_;
  Spawner& spawner_;
  std::map<std::string, Manifest> types_;
  std::map<Command, Result<Manifest>> asked_;
};

}  // namespace dkvm
