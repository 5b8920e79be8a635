#pragma once

#include "devices/media/new_file.hpp"

#include <dkvm/config.hpp>
#include <dkvm/result.hpp>

#include <string>
#include <string_view>

namespace dkvm::dummy {

// True when the key has this value.
inline Result<bool> is(const ConfigReader& config, std::string_view key, std::string_view value) {
  return config.text(key).map([value](const std::string& text) { return text == value; });
}

// Refuses a key that would be without effect; `needs` says with what it has one.
// Shape: the key has no fallback
inline Result<> refuse_without_effect(const ConfigReader& config, const std::string& key,
                                      const std::string& needs) {
  if (!config.has(key) && config.list(key).empty()) return {};
  return fail(Errc::invalid, "config key '" + key + "' has no effect without " + needs +
                                 ", expected that or no such key");
}

// The path that a key says, "" without it.
// Errors: Errc::invalid, with the key, when there can be no such file.
inline Result<std::string> path_to_write(const ConfigReader& config, const std::string& key) {
  std::string path = config.find(key).value_or("");
  if (path.empty()) return path;
  if (auto checked = media::check_can_be_made(path); !checked)
    return tl::unexpected<Error>(std::move(checked).error().within("config key '" + key + "'"));
  return path;
}

}  // namespace dkvm::dummy
