#pragma once

#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

// Manifests as JSON: what `<device> --describe` prints.
//
//   {"dkvm": 1,                          the format; required
//    "type": "dummy-keyboard-source",    required
//    "version": "0.1.0",
//    "summary": "Keys from a file",
//    "ports": [{"id": 1, "name": "keys", "direction": "source" or "sink",
//               "topics": ["key"], "live": false, "injects": false,
//               "help": "…"}],           id, name, direction required
//    "config": [{"name": "video.rate", "type": "text", "integer", "number",
//                "boolean", "duration", "path", "list" or "map",
//                "default": "60", "help": "…", "required": false,
//                "choices": ["30", "60"],     the only values
//                "words": ["auto"], "min": 1, "max": 60}],   of numbers
//                                     name and type required
//    "runtime_ports": false, "fds": false, "cleanup": false}
//
// What is absent is empty or false; fields of other names are ignored.
namespace dkvm {

inline constexpr std::size_t kManifestBytesMax = 256 * 1024;
inline constexpr std::size_t kManifestKeysMax = 256;
inline constexpr std::size_t kManifestChoicesMax = 64;
inline constexpr std::size_t kManifestTextBytesMax = 4096;  // of a help, a default, a choice
inline constexpr int kManifestFormat = 1;

// Errors: Errc::invalid, saying which field is wrong and what was expected;
//         Errc::unsupported for another format than kManifestFormat.
Result<Manifest> parse_manifest(std::string_view json);

}  // namespace dkvm
