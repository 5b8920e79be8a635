#pragma once

#include <dkvm/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dkvm::netlab {

// Runs a program of PATH (and of the sbin folders) to its end, with `input` on its
// stdin; what it wrote to stdout and stderr. It is in the network of the calling thread.
// Input: at most 16 KiB, which a pipe holds.
// Errors: Errc::not_found when there is no such program, Errc::invalid with the
//         command and what it said when it failed.
Result<std::string> run(const std::vector<std::string>& command, std::string_view input = {});

}  // namespace dkvm::netlab
