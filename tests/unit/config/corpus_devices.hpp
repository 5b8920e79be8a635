#pragma once

#include "config/check.hpp"
#include "config/manifest_json.hpp"
#include "tests/support/corpus.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace dkvm::test {

// The devices that the corpus is written for: those that are shipped, as they
// describe themselves, and some for which there is no program yet. The kernel
// finds the same ones with DKVM_DEVICE_PATH at the corpus's folder of devices.
class CorpusDevices final : public ManifestSource {
 public:
  CorpusDevices() {
    read(DKVM_BIN_DIR);
    read(kCorpus / "devices");
  }

  const Manifest* find(const DeviceConfig& device) const override {
    const auto found = manifests_.find(device.type);
    return found == manifests_.end() ? nullptr : &found->second;
  }

  std::vector<std::string> types() const override {
    std::vector<std::string> names;
    for (const auto& [type, manifest] : manifests_) names.push_back(type);
    return names;
  }

 private:
  void read(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.path().string().ends_with(".manifest.json")) continue;
      std::ifstream file(entry.path());
      auto manifest = parse_manifest(std::string(std::istreambuf_iterator<char>(file), {}));
      if (!manifest)
        throw std::runtime_error(entry.path().string() + ": " + manifest.error().message());
      std::string type = manifest->type;
      manifests_.emplace(std::move(type), std::move(*manifest));
    }
  }

  std::map<std::string, Manifest> manifests_;
};

}  // namespace dkvm::test
