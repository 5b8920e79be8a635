#include "kernel/memory_manager/pool_memory.hpp"
#include "kernel/memory_manager/process_start.hpp"

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/permissions.hpp>
#include <boost/interprocess/shared_memory_object.hpp>

#include <fmt/format.h>

#include <cinttypes>
#include <cstdio>
#include <utility>

namespace dkvm {
namespace {

namespace ipc = boost::interprocess;

constexpr std::string_view kPrefix = "dkvm-";
constexpr int kOwnerOnly = 0600;

class NamedMemory final : public PoolMemory {
 public:
  NamedMemory(std::string name, Worker& worker) : name_(std::move(name)), worker_(worker) {}
  ~NamedMemory() override {
    const auto remove = [name = name_] { ipc::shared_memory_object::remove(name.c_str()); };
    if (!worker_.post(remove)) remove();
  }

  std::shared_ptr<const UniqueFd> writable() const override { return nullptr; }
  Result<> seal() override { return {}; }
  std::shared_ptr<const UniqueFd> readable() const override { return nullptr; }
  std::string name() const override { return name_; }

 private:
  std::string name_;
  Worker& worker_;
};

// Whether the name is one of ours, and of a process that is no more. Of another
// container's processes nothing is known here.
bool is_left_behind(const std::string& name) {
  std::uint64_t space = 0;
  std::int64_t pid = 0;
  std::uint64_t start = 0;
  std::uint32_t pool = 0;
  if (!name.starts_with(kPrefix) ||
      std::sscanf(name.c_str() + kPrefix.size(), "%" SCNu64 "-%" SCNd64 "-%" SCNu64 "-%" SCNu32,
                  &space, &pid, &start, &pool) != 4)
    return false;
  return space == detail::own_pid_namespace() && detail::process_start(pid) != start;
}

}  // namespace

Result<std::unique_ptr<PoolMemory>> make_named(std::uint32_t pool, std::uint64_t bytes,
                                               Worker& worker) {
  const std::int64_t pid = detail::own_pid();
  std::string name = fmt::format("{}{}-{}-{}-{}", kPrefix, detail::own_pid_namespace(), pid,
                                 detail::process_start(pid), pool);
  try {
    ipc::shared_memory_object object(ipc::create_only, name.c_str(), ipc::read_write,
                                     ipc::permissions(kOwnerOnly));
    auto memory = std::make_unique<NamedMemory>(name, worker);  // removes it, whatever comes
    object.truncate(static_cast<ipc::offset_t>(bytes));
    return memory;
  } catch (const ipc::interprocess_exception& error) {
    return fail(Errc::exhausted, fmt::format("making the shared memory '{}' of {} bytes: {}", name,
                                             bytes, error.what()));
  }
}

std::size_t sweep_named_pools() {
  std::size_t removed = 0;
  for (const std::string& name : detail::shared_memory_names())
    if (is_left_behind(name)) removed += ipc::shared_memory_object::remove(name.c_str());
  return removed;
}

}  // namespace dkvm
