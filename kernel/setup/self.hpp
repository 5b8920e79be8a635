#pragma once

#include <dkvm/result.hpp>

#include <string>

// What the platform knows of this process and its place.
namespace dkvm {

// The folder of the running program.
std::string own_folder();
// Every descriptor that the system allows; survives signals of broken pipes.
void prepare_process();

// Makes the runtime directory (0700) and holds it for this process: another
// kernel on it is refused until this one ends, however it ends.
// Errors: Errc::denied when it cannot be made or is another user's,
//         Errc::overloaded when a kernel runs on it.
Result<int> claim_runtime_dir(const std::string& path);

}  // namespace dkvm
