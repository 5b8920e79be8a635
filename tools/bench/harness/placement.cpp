#include "tools/bench/harness/chain.hpp"

#include <sched.h>

#include <filesystem>
#include <string>
#include <vector>

namespace dkvm::bench {
namespace {

// The processors that this process may use.
std::vector<int> processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof(allowed), &allowed);
  std::vector<int> numbers;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) numbers.push_back(cpu);
  return numbers;
}

// Every thread of a process; threads that end meanwhile need no place.
void pin(pid_t pid, const std::vector<int>& numbers) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : numbers) CPU_SET(static_cast<std::size_t>(cpu), &set);
  std::error_code error;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, error))
    ::sched_setaffinity(std::atoi(task.path().filename().c_str()), sizeof(set), &set);
}

}  // namespace

Result<> pin(pid_t pid, std::size_t processor) {
  const std::vector<int> all = processors();
  if (processor >= all.size()) return fail(Errc::unsupported, "two processors are needed");
  pin(pid, std::vector{all[processor]});
  return {};
}

void unpin(pid_t pid) { pin(pid, processors()); }

Result<> place(const Conductor& conductor, const Chain& chain, Placement placement) {
  const std::vector<int> all = processors();
  if (placement != Placement::free && all.size() < 2)
    return fail(Errc::unsupported, "two processors are needed");
  std::vector<int> ends = all;
  std::vector<int> middle = all;
  if (placement == Placement::together) ends = middle = {all[1]};
  if (placement == Placement::apart) {
    ends = {all[0]};
    middle = {all[1]};
  }
  pin(conductor.introduction(chain.source).pid, ends);
  pin(conductor.introduction(chain.sink).pid, ends);
  pin(chain.middle, middle);
  return {};
}

}  // namespace dkvm::bench
