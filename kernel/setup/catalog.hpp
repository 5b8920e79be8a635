#pragma once

#include "config/check.hpp"
#include "config/model.hpp"
#include "kernel/device_manager/process.hpp"
#include "kernel/setup/file_stamp.hpp"

#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// Knows where device programs lie and what they say they are. Types are
// `dkvm-<type>` in the given folders (config/places.hpp), with the manifest that was made at build
// beside them. Programs of `exec` are asked (`--describe`) once for the same
// files and arguments; a failed answer is asked for again.
// Life: loop thread only; it outlives the answers that it waits for.
class Catalog final : public ManifestSource {
 public:
  // How programs are asked: calls back once, at once or later, with the answers
  // in their order.
  using Answers = std::vector<Result<std::string>>;
  using Ask = std::function<void(std::vector<Program>, std::function<void(Answers)>)>;

  Catalog(std::vector<std::string> folders, Ask ask);

  // Reads the manifests of the installed types anew.
  void read_types();
  // Asks those exec devices of the file whose answer is not known, is that of
  // other files than there are now, or was none; forgets devices that are not
  // in the file. Calls back once, before it returns when there is nobody to ask.
  void ask(const Config& config, std::function<void()> done);

  // True when the device's program (or a script among its arguments) or the
  // manifest of its type has changed since it was asked.
  bool is_stale(const DeviceConfig& device) const;
  // Asks this one device again, or reads its type's manifest.
  void ask_again(const DeviceConfig& device, std::function<void()> done);

  std::string program_of(const DeviceConfig& device) const;
  static std::vector<std::string> arguments_of(const DeviceConfig& device);
  // Why an exec device has no manifest; empty when it has one or was not asked.
  std::string doubt(const DeviceConfig& device) const;

  const Manifest* find(const DeviceConfig& device) const override;
  std::vector<std::string> types() const override;

 private:
  using Command = std::vector<std::string>;
  using Stamps = std::vector<FileStamp>;
  struct Asked {
    Stamps files;
    Result<Manifest> answer;
  };
  struct Type {
    Stamps file;
    Manifest manifest;
  };

  static Command command_of(const DeviceConfig& device);
  static Stamps files_of(const DeviceConfig& device);
  void read_types_in(const std::string& folder);
  void ask_all(const std::vector<const DeviceConfig*>& devices, std::function<void()> done);

  std::vector<std::string> folders_;
  Ask ask_;
  std::map<std::string, Type> types_;
  std::map<Command, Asked> asked_;
};

}  // namespace dkvm
