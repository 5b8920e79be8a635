#pragma once

#include <dkvm/result.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace dkvm::detail {

// Where the system does not say who writes a file, it counts as being written for so
// long after its last change.
inline constexpr std::chrono::milliseconds kFileQuietTime{100};

// The file's bytes, `bytes_max` at most. `finished`: not while somebody writes it, and
// nobody begins to write it meanwhile, so that never a half of it is read.
// Errors: not_found · invalid, for a folder · overloaded, for a file that is being
//         written: try again later
Result<std::string> read_file(const std::string& path, std::size_t bytes_max, bool finished);

}  // namespace dkvm::detail
