#pragma once

#include "config/error_list.hpp"
#include "config/model.hpp"
#include "config/read_sections.hpp"
#include "config/yaml_document.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::detail {

// One configuration out of the main file and all that it includes.
class ConfigFiles {
 public:
  // finished: a file that somebody is writing is an error, for the moment.
  explicit ConfigFiles(bool includes, bool finished = false)
      : includes_(includes), finished_(finished) {}

  void load(const std::string& path);
  void load_text(std::string_view text, const std::string& pseudo_file);

  ErrorList& errors() { return errors_; }
  // False when more may be missing than what is marked as broken, so that
  // nothing can be said of what refers to it.
  bool whole() const { return errors_.size() == errors_of_parts_; }
  const Config& config() const { return config_; }
  Config take() { return std::move(config_); }

 private:
  // A file being read; the stack of them shows include loops.
  struct File {
    FileName shown;                   // as errors name it
    std::string folder;               // absolute
    std::filesystem::path canonical;  // for telling loops
  };

  // Runs what reads a part of its own. True when it found errors.
  template <class Read>
  bool read_part(Read read);
  bool enter(const std::string& path, const std::string& shown);
  void read_main(std::string_view bytes);
  void merge_document(const YamlNode& root, bool is_main);
  void merge_devices(const YamlNode& node);
  void merge_device(const YamlEntry& entry);
  void merge_pipelines(const YamlNode& node);
  void merge_pipeline(const YamlNode& node);
  void merge_switches(const YamlNode& node);
  void merge_grants(const YamlNode& node);
  void merge_include(const YamlNode& node);
  // Reads the file that the node names and hands its document to `merge`.
  template <class Merge>
  void include(const YamlNode& node, Merge merge);
  // The path as it is to be opened, if the include is allowed.
  std::optional<std::string> include_path(const YamlNode& node);

  bool includes_;
  bool finished_;
  std::size_t includes_seen_ = 0;
  std::size_t errors_of_parts_ = 0;
  YamlBudget budget_;
  ErrorList errors_;
  Config config_;
  std::map<std::string, Location> device_names_;
  std::vector<File> files_;
};

}  // namespace dkvm::detail
