#pragma once

#include "config/model.hpp"

#include <dkvm/manifest.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

// What of a configuration can only be judged with the manifests of its devices
// at hand. Pure: nothing is read and nothing is run.
namespace dkvm {

// Where manifests come from: installed files, answers to --describe, a test.
class ManifestSource {
 public:
  virtual ~ManifestSource() = default;

  // Null when it is not known: the device is then left unchecked until hello.
  // Life: until the source ends or is asked to change.
  virtual const Manifest* find(const DeviceConfig& device) const = 0;

  // The installed types. A `type` that is not among them is an error; when
  // there are none at all, types are not judged.
  virtual std::vector<std::string> types() const = 0;
};

// What a stage finds wrong in its arguments.
struct StageComplaint {
  std::string pointer;  // JSON pointer into the arguments; empty: all of them
  std::string message;  // what is wrong, what was expected
  bool of_key = false;  // the key at pointer is wrong, not its value
};

// A stage that pipelines may name in `via`.
struct StageRule {
  std::string name;
  std::function<std::vector<StageComplaint>(const nlohmann::json& args)> check;
};

// Shape:  in the order of the file; empty when all is well; past
//         kConfigErrorsMax their number
// Checks, docs/config.md "Checks": device types and configuration keys, grants
//         and their methods, peers of links, unique pipeline names, addresses, directions, topics,
//         stages, `block`, cycles, sources that finish
ConfigErrors check_config(const Config& config, const ManifestSource& manifests,
                          std::span<const StageRule> stages);

// Of that only whether events could go round in a cycle: all that can be wrong
// with pipelines, each of which was checked, when they come together.
ConfigErrors check_one_way(const Config& config, const ManifestSource& manifests);

// Makes the values of configuration keys whose manifest says `path` absolute:
// relative ones are of the folder of the file that declares the device. `-`
// stays as it is. Do this after check_config(): the environment of a device
// grows by it, so that device_environment() is to be asked again.
void resolve_paths(Config& config, const ManifestSource& manifests);

}  // namespace dkvm
