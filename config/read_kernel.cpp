#include "config/map_reader.hpp"
#include "config/read_sections.hpp"
#include "config/yaml_values.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace dkvm::detail {
namespace {

// Enumerators in order, so that the index of a choice is its value.
constexpr std::array<std::string_view, 5> kLogLevels = {"debug", "info", "notice", "warning",
                                                        "error"};
constexpr std::array<std::string_view, 2> kExitWhens = {"never", "finished"};

LogConfig read_log(const YamlNode& node, const SectionContext& context) {
  LogConfig log;
  const Values values{context.errors};
  MapReader reader(node, "'kernel.log'", context.errors);
  if (const auto* level = reader.take("level"))
    if (const auto index = values.choice(*level, "kernel.log.level", kLogLevels))
      log.level = static_cast<LogConfig::Level>(*index);
  if (const auto* file = reader.take("file"))
    if (const auto path = values.text(*file, "kernel.log.file")) {
      if (path->empty()) values.wrong(*file, "kernel.log.file", "expected a path");
      log.file = resolve_path(context.folder, *path);
      log.file_at = file->at;
    }
  if (const auto* lines = reader.take("lines_max"))
    if (const auto value =
            values.integer(*lines, "kernel.log.lines_max", kLogLinesMin, kLogLinesMax))
      log.lines_max = static_cast<std::uint64_t>(*value);
  if (const auto* bytes = reader.take("bytes_max"))
    if (const auto value = values.bytes(*bytes, "kernel.log.bytes_max", kLogBytesMin, kLogBytesMax))
      log.bytes_max = *value;
  reader.finish();
  return log;
}

std::string read_runtime_dir(const YamlNode& node, const SectionContext& context) {
  const Values values{context.errors};
  const auto path = values.text(node, "kernel.runtime_dir");
  if (!path) return {};
  std::string resolved = resolve_path(context.folder, *path);
  if (path->empty())
    values.wrong(node, "kernel.runtime_dir", "expected the path of a folder");
  else if (resolved.size() > kRuntimeDirBytesMax)
    values.wrong(node, "kernel.runtime_dir",
                 fmt::format("expected at most {} bytes with the folder of this file: the names of "
                             "unix sockets are short",
                             kRuntimeDirBytesMax));
  return resolved;
}

}  // namespace

KernelConfig read_kernel(const YamlNode& node, const SectionContext& context) {
  KernelConfig kernel;
  kernel.at = node.at;
  const Values values{context.errors};
  MapReader reader(node, "'kernel'", context.errors);
  if (const auto* name = reader.take("name"))
    kernel.name = values.name(*name, "kernel.name").value_or("");
  if (const auto* folder = reader.take("runtime_dir"))
    kernel.runtime_dir = read_runtime_dir(*folder, context);
  if (const auto* log = reader.take_filled("log")) kernel.log = read_log(*log, context);
  if (const auto* buffers = reader.take("buffers"))
    if (const auto value = values.bytes(*buffers, "kernel.buffers", 0, kBuffersBytesMax))
      kernel.buffers = *value;
  if (const auto* when = reader.take("exit_when")) {
    kernel.exit_when_at = when->at;
    if (const auto index = values.choice(*when, "kernel.exit_when", kExitWhens))
      kernel.exit_when = static_cast<KernelConfig::ExitWhen>(*index);
  }
  reader.finish();
  return kernel;
}

std::string resolve_path(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace dkvm::detail
