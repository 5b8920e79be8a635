#pragma once

#include "config/model.hpp"
#include "kernel/device_manager/process.hpp"
#include "kernel/device_manager/spawner.hpp"

#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dkvm {

// A device's program and, where it is known, its manifest.
struct CatalogEntry {
  std::string program;             // absolute for types; as written for exec
  std::vector<std::string> args;   // of exec and args together
  std::optional<Manifest> manifest;
  std::string doubt;  // why there is no manifest; empty when there is one
};

// Knows where device programs and their manifests lie. Types are looked for as
// `dkvm-<type>` in the given folders; their manifests were made at build and
// lie beside them. Programs of `exec` are asked (`--describe`) once for the
// same program and arguments, and never unless `ask` says so.
class Catalog {
 public:
  Catalog(std::vector<std::string> folders, Spawner& spawner);

  // The folders to look in: DKVM_DEVICE_PATH (colon-separated) where it is set,
  // that of the running program, and ../libexec/dkvm from there.
  static std::vector<std::string> default_folders(const std::string& own_folder);

  // Asks the exec devices that were not asked before, in parallel.
  void ask(const Config& config, const std::vector<std::string>& environment);

  // Errors: Errc::not_found for a type that is in no folder, with the closest
  //         name; Errc::corrupt for a manifest that is none.
  Result<CatalogEntry> find(const DeviceConfig& device) const;

  // The types that are there, for messages.
  std::vector<std::string> types() const;

 private:
  Result<CatalogEntry> find_type(const DeviceConfig& device) const;
  CatalogEntry find_exec(const DeviceConfig& device) const;

  std::vector<std::string> folders_;
  Spawner& spawner_;
  std::map<std::vector<std::string>, Result<Manifest>> asked_;  // by program and arguments
};

}  // namespace dkvm
