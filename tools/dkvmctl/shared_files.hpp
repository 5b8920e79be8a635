#pragma once

#include <dkvm/result.hpp>

#include <filesystem>

namespace dkvm::ctl {

// The folder of what dkvmctl brings along: share/dkvm beside the folder of programs.
// Errors: Errc::not_found where dKVM is not installed as a whole.
Result<std::filesystem::path> shared_folder();

}  // namespace dkvm::ctl
