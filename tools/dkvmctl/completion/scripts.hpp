#pragma once

#include <string_view>

namespace dkvm::ctl {

// What bash, zsh or fish is told to complete dkvmctl: it asks `dkvmctl __complete` at each
// place, so that there is one list of commands, dkvmctl's own.
std::string_view completion_script(std::string_view shell);

}  // namespace dkvm::ctl
