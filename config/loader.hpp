#pragma once

#include "config/check.hpp"
#include "config/model.hpp"

#include <tl/expected.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// From text to Config. Nothing is started, nothing outside the named files is
// read, no library's exception comes out.
namespace dkvm {

// What the loader needs to know of the machine.
struct LoadOptions {
  std::function<std::optional<std::string>(const std::string&)> env;  // unset: empty
  std::string hostname = "localhost";
  std::uint32_t uid = 0;
  bool includes = true;   // false: `include` is an error (text of a stranger)
  bool finished = false;  // a file that somebody is writing is an error (ConfigError::unfinished)

  static LoadOptions of_this_machine();
};

// Shape:  every error that can be told apart; past kConfigErrorsMax their number
// Errors: whatever is wrong with this file or with one that it includes
tl::expected<Config, ConfigErrors> load_config(const std::string& path, const LoadOptions& options);

// Loads and checks. What is wrong with one device or pipeline does not hide what
// is wrong with the others, or between them.
tl::expected<Config, ConfigErrors> load_checked_config(const std::string& path,
                                                       const LoadOptions& options,
                                                       const ManifestSource& manifests,
                                                       std::span<const StageRule> stages);

// The same as load_config() for text that is at hand; relative paths and includes are of the
// folder of pseudo_file, which itself is not read.
tl::expected<Config, ConfigErrors> load_config_text(std::string_view text,
                                                    const std::string& pseudo_file,
                                                    const LoadOptions& options);

// One pipeline as a map, YAML or JSON, for pipelines made at run time.
// Append it to a Config and run check_config() to check it against the rest.
tl::expected<PipelineConfig, ConfigErrors> parse_pipeline_text(std::string_view text,
                                                               const std::string& pseudo_file);

// $RUNTIME_DIRECTORY, which systemd makes for a service (RuntimeDirectory=); else
// $XDG_RUNTIME_DIR/dkvm, else /run/dkvm for root, else /tmp/dkvm-<uid>.
std::string default_runtime_dir(const LoadOptions& options);

}  // namespace dkvm
