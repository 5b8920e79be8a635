#pragma once

#include <string>
#include <string_view>
#include <vector>

// Where the programs of dKVM lie, as the kernel and its tools look for them.
namespace dkvm {

// The folder of the running program.
std::string own_folder();

// The folders of devices and helpers: DKVM_DEVICE_PATH (colon-separated) where it is
// set, that of the running program, and ../libexec/dkvm from there.
std::vector<std::string> program_folders(const std::string& own_folder);

// The path of a program in the first folder that has it; else its bare name.
std::string find_program(const std::vector<std::string>& folders, std::string_view name);

}  // namespace dkvm
