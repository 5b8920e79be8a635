#pragma once

#include <dkvm/result.hpp>

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace dkvm::ctl {

enum class IfThere { refuse, replace };

// Writes a file as a whole or not at all.
// Errors: Errc::invalid when there is one and it may not be replaced, Errc::denied
// when it cannot be written, with what the system says.
Result<> write_new_file(const std::filesystem::path& path, std::string_view text,
                        IfThere if_there = IfThere::refuse, mode_t mode = 0644);

}  // namespace dkvm::ctl
