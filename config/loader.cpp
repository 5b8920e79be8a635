#include "config/loader.hpp"

#include "config/check_parts.hpp"
#include "config/config_files.hpp"

#include <dkvm/limits.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace dkvm {
namespace {

constexpr std::string_view kKernelNameFallback = "kernel";

// The first label of a host's name in the letters that names are made of.
std::string kernel_name(std::string_view hostname) {
  std::string out;
  for (char c : hostname.substr(0, std::min(hostname.find('.'), kNameBytesMax))) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (fits && (!out.empty() || (c != '-' && c != '_'))) out += c;
  }
  return out.empty() ? std::string(kKernelNameFallback) : out;
}

tl::expected<Config, ConfigErrors> finish(detail::ConfigFiles& files, const LoadOptions& options) {
  if (!files.errors().empty()) return tl::unexpected(files.errors().take());
  Config config = files.take();
  if (config.kernel.name.empty()) config.kernel.name = kernel_name(options.hostname);
  if (config.kernel.runtime_dir.empty()) config.kernel.runtime_dir = default_runtime_dir(options);
  return config;
}

}  // namespace

LoadOptions LoadOptions::of_this_machine() {
  LoadOptions options;
  options.env = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
  std::array<char, 256> hostname{};
  if (gethostname(hostname.data(), hostname.size() - 1) == 0) options.hostname = hostname.data();
  options.uid = getuid();
  return options;
}

tl::expected<Config, ConfigErrors> load_config(const std::string& path,
                                               const LoadOptions& options) {
  detail::ConfigFiles files(options.includes, options.finished);
  files.load(path);
  return finish(files, options);
}

tl::expected<Config, ConfigErrors> load_checked_config(const std::string& path,
                                                       const LoadOptions& options,
                                                       const ManifestSource& manifests,
                                                       std::span<const StageRule> stages) {
  detail::ConfigFiles files(options.includes, options.finished);
  files.load(path);
  if (files.whole()) detail::check_all({files.config(), manifests, stages, files.errors()});
  return finish(files, options);
}

tl::expected<Config, ConfigErrors> load_config_text(std::string_view text,
                                                    const std::string& pseudo_file,
                                                    const LoadOptions& options) {
  detail::ConfigFiles files(options.includes);
  files.load_text(text, pseudo_file);
  return finish(files, options);
}

tl::expected<PipelineConfig, ConfigErrors> parse_pipeline_text(std::string_view text,
                                                               const std::string& pseudo_file) {
  detail::ErrorList errors;
  detail::YamlBudget budget;
  PipelineConfig pipeline;
  const auto file = std::make_shared<const std::string>(pseudo_file);
  if (const auto root = detail::parse_yaml(text, file, budget, errors))
    pipeline = detail::read_pipeline(*root, errors);
  if (!errors.empty()) return tl::unexpected(errors.take());
  return pipeline;
}

std::string default_runtime_dir(const LoadOptions& options) {
  const auto folder = [&](const char* variable) -> std::string {
    const auto value = options.env ? options.env(variable) : std::nullopt;
    return value && value->starts_with('/') ? *value : std::string();
  };
  // Of a service; several, joined by colons, are not what dKVM's units ask for.
  if (std::string made = folder("RUNTIME_DIRECTORY");
      !made.empty() && made.find(':') == std::string::npos)
    return made;
  if (const std::string runtime = folder("XDG_RUNTIME_DIR"); !runtime.empty())
    return runtime + "/dkvm";
  if (options.uid == 0) return "/run/dkvm";
  return "/tmp/dkvm-" + std::to_string(options.uid);
}

}  // namespace dkvm
