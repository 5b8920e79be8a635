#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace dkvm::test {

struct Finished {
  int status = -1;     // of the shell's kind: 128 + signal
  std::string output;  // what it wrote to both stdout and stderr
};

// Runs a command line of the shell to its end, with nothing on stdin.
inline Finished run_program(const std::string& command) {
  std::FILE* pipe = ::popen(("{ " + command + "; } </dev/null 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  Finished finished;
  char bytes[4096];
  while (const std::size_t got = std::fread(bytes, 1, sizeof(bytes), pipe))
    finished.output.append(bytes, got);
  const int status = ::pclose(pipe);
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

}  // namespace dkvm::test
