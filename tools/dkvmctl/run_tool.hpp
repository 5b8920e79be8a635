#pragma once

#include <dkvm/result.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::ctl {

inline constexpr std::size_t kToolBytesMax = 32 * 1024 * 1024;  // of what it prints

struct ToolOutput {
  int status = 0;  // of the shell's kind: 128 + signal
  std::string out;
  std::string err;
};

// Runs a program to its end: words[0] is its path or a name that PATH knows.
// Errors: Errc::not_found when there is no such program, Errc::timeout when it has not
// ended by then (it is killed), Errc::exhausted when it prints too much (the same).
Result<ToolOutput> run_tool(const std::vector<std::string>& words, std::string_view input,
                            std::chrono::milliseconds at_most);

}  // namespace dkvm::ctl
