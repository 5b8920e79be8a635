#pragma once

#include <dkvm/result.hpp>

#include <string>

// What the platform knows of this process and its place.
namespace dkvm {

// Opens /dev/null on those of descriptors 0 to 2 that are closed, so that no
// other file gets their numbers. First of all in main().
void ensure_stdio();

// Whether the process has a terminal that it can lose: one that controls it, and
// nobody asked it to outlive that one (nohup). To be asked before SIGHUP has a
// handler.
bool follows_a_terminal();
// Whether it has a controlling terminal at this moment.
bool has_terminal();

// Every descriptor that the system allows; survives signals of broken pipes.
void prepare_process();

// Makes the runtime directory (0700) and holds it for this process: another
// kernel on it is refused until this one ends, however it ends.
// Errors: Errc::denied when it cannot be made or is another user's,
//         Errc::overloaded when a kernel runs on it.
Result<int> claim_runtime_dir(const std::string& path);

}  // namespace dkvm
