#pragma once

#include "tools/dkvmctl/screen.hpp"
#include "trust/identity.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>

namespace dkvm::ctl {

// Adds --folder: where the identity and the pins are.
// Life: `folder` outlives the parsing.
void add_folder_option(CLI::App& command, std::string& folder);

// The folder that was named, else this user's.
std::filesystem::path trust_folder(const std::string& named);

// What an identity is called that is not given a name: like this machine.
// Errors: Errc::invalid when nothing of that can be used.
Result<std::string> name_of_this_machine();

// Says so when its certificate ends soon, or has.
void note_expiry(const Screen& screen, const trust::Identity& identity);

}  // namespace dkvm::ctl
