#pragma once

#include <CLI/CLI.hpp>

#include <span>
#include <string>

namespace dkvm::ctl {

// The first word of a command line that asks for what may stand at its end; shells write it.
inline constexpr const char* kCompleteWord = "__complete";

// Prints what may stand in place of the last word: on the first line `words`, `files` or
// `folders`, then a line for each word that begins as the last one does, with its help
// behind a tab. Names come from the kernel that the line names, if it answers soon.
// Returns the exit code.
int print_completions(const CLI::App& app, std::span<const std::string> words);

}  // namespace dkvm::ctl
