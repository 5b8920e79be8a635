#include "tools/bench/desk/contender.hpp"

#include "tools/bench/harness/usage.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace dkvm::bench {

std::vector<pid_t> Contender::pids() const {
  std::vector<pid_t> all;
  for (const KernelRun& kernel : kernels) {
    all.push_back(kernel.pid());
    const auto devices = children_of(kernel.pid(), "");
    all.insert(all.end(), devices.begin(), devices.end());
  }
  for (const Process& process : processes) all.push_back(process.pid());
  return all;
}

std::string Contender::log_tail() const {
  std::string text;
  for (const KernelRun& kernel : kernels) text.append("\n a kernel:").append(kernel.log_tail());
  return text;
}

Result<> require(const std::string& path, const std::string& package) {
  if (::access(path.c_str(), X_OK) == 0) return {};
  return fail(Errc::not_found, path + " is not installed (" + package + ")");
}

Result<Process> start_logged(const LinkBench& bench, const std::string& name,
                             std::vector<std::string> args, std::vector<std::string> environment) {
  const std::string path = bench.folder.file(name + ".log");
  const detail::Fd log(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  Command command;
  command.args = std::move(args);
  command.environment = std::move(environment);
  command.fds = {{log.get(), STDOUT_FILENO}, {log.get(), STDERR_FILENO}};
  return Process::start(command);
}

}  // namespace dkvm::bench
