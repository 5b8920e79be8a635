// Real memory: what the seals promise is seen, not believed.
#include "kernel/memory_manager/pool_memory.hpp"

#include "kernel/memory_manager/process_start.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

using namespace dkvm;

namespace {

namespace ipc = boost::interprocess;

constexpr std::size_t kBytes = 64 * 1024;
constexpr std::uint32_t kPool = 7;

void* map(int fd, int protection) { return ::mmap(nullptr, kBytes, protection, MAP_SHARED, fd, 0); }

int reopen(int fd, int access) {
  return ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), access | O_CLOEXEC);
}

std::vector<std::string> names_of_pools() {
  auto names = detail::shared_memory_names();
  std::erase_if(names, [](const std::string& name) { return !name.starts_with("dkvm-"); });
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// The number of a process that has been, and is no more.
pid_t dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

}  // namespace

TEST_CASE("A pool's size cannot be changed by its producer") {
  Worker worker;
  const auto memory = make_memfd(kPool, kBytes, worker);
  REQUIRE(memory);
  const int fd = (*memory)->writable()->get();
  struct stat status {};
  REQUIRE(::fstat(fd, &status) == 0);
  CHECK(status.st_size == static_cast<off_t>(kBytes));
  CHECK(::ftruncate(fd, 0) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(fd, kBytes * 2) == -1);
  CHECK(errno == EPERM);
}

TEST_CASE("A sealed pool is written by its producer's mapping and nothing else") {
  Worker worker;
  const auto memory = make_memfd(kPool, kBytes, worker);
  REQUIRE(memory);
  const auto writable = (*memory)->writable();
  auto* mine = static_cast<char*>(map(writable->get(), PROT_READ | PROT_WRITE));
  REQUIRE(mine != MAP_FAILED);
  REQUIRE((*memory)->seal());

  // The producer itself, by the descriptor it still has.
  CHECK(map(writable->get(), PROT_READ | PROT_WRITE) == MAP_FAILED);
  CHECK(::pwrite(writable->get(), "x", 1, 0) == -1);
  CHECK(::fcntl(writable->get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);

  // A consumer.
  const auto readable = (*memory)->readable();
  auto* theirs = static_cast<char*>(map(readable->get(), PROT_READ));
  REQUIRE(theirs != MAP_FAILED);
  CHECK(map(readable->get(), PROT_READ | PROT_WRITE) == MAP_FAILED);
  CHECK(::mprotect(theirs, kBytes, PROT_READ | PROT_WRITE) == -1);
  CHECK(::pwrite(readable->get(), "x", 1, 0) == -1);
  CHECK(::ftruncate(readable->get(), 0) == -1);
  const UniqueFd again(reopen(readable->get(), O_RDWR));
  if (again) {
    CHECK(map(again.get(), PROT_READ | PROT_WRITE) == MAP_FAILED);
    CHECK(::pwrite(again.get(), "x", 1, 0) == -1);
    CHECK(::ftruncate(again.get(), 0) == -1);
  }

  std::strcpy(mine + 100, "a frame");
  CHECK(std::string(theirs + 100) == "a frame");
  ::munmap(mine, kBytes);
  ::munmap(theirs, kBytes);
}

TEST_CASE("A consumer's descriptor can read and nothing else") {
  Worker worker;
  const auto memory = make_memfd(kPool, kBytes, worker);
  REQUIRE(memory);
  REQUIRE((*memory)->seal());
  const int fd = (*memory)->readable()->get();
  CHECK((::fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("A pool that its producer has sealed itself is refused") {
  const int seals = GENERATE(F_SEAL_SEAL, F_SEAL_WRITE, F_SEAL_WRITE | F_SEAL_SEAL,
                             F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
  Worker worker;
  const auto memory = make_memfd(kPool, kBytes, worker);
  REQUIRE(memory);
  REQUIRE(::fcntl((*memory)->writable()->get(), F_ADD_SEALS, seals) == 0);
  const auto sealed = (*memory)->seal();
  REQUIRE_FALSE(sealed);
  CHECK(sealed.error().code() == Errc::denied);
  CHECK_THAT(sealed.error().message(), Catch::Contains("it has sealed the memory itself"));
}

TEST_CASE("A pool too large for the system is refused in words") {
  Worker worker;
  const auto memory = make_memfd(kPool, ~std::uint64_t{0} >> 1 << 1, worker);
  REQUIRE_FALSE(memory);
  CHECK(memory.error().code() == Errc::exhausted);
  CHECK_THAT(memory.error().message(), Catch::Contains("bytes: "));
}

TEST_CASE("The last descriptor of a pool is closed by the worker") {
  Worker worker;
  int fd = -1;
  {
    auto memory = make_memfd(kPool, kBytes, worker);
    REQUIRE(memory);
    std::shared_ptr<const UniqueFd> in_a_frame = (*memory)->writable();
    fd = in_a_frame->get();
    memory->reset();
    worker.drain();
    CHECK(::fcntl(fd, F_GETFD) != -1);  // a frame still has it
  }
  worker.drain();
  CHECK(::fcntl(fd, F_GETFD) == -1);
}

TEST_CASE("Named memory is there by its name until its object is gone") {
  Worker worker;
  auto memory = make_named(kPool, kBytes, worker);
  REQUIRE(memory);
  CHECK_FALSE((*memory)->writable());
  const std::string name = (*memory)->name();
  CHECK(has(names_of_pools(), name));
  {
    const ipc::shared_memory_object mine(ipc::open_only, name.c_str(), ipc::read_write);
    const ipc::shared_memory_object theirs(ipc::open_only, name.c_str(), ipc::read_only);
    const ipc::mapped_region writing(mine, ipc::read_write);
    const ipc::mapped_region reading(theirs, ipc::read_only);
    CHECK(reading.get_size() == kBytes);
    std::strcpy(static_cast<char*>(writing.get_address()), "a frame");
    CHECK(std::string(static_cast<const char*>(reading.get_address())) == "a frame");
  }
  REQUIRE((*memory)->seal());
  memory->reset();
  worker.drain();
  CHECK_FALSE(has(names_of_pools(), name));
}

TEST_CASE("A name that is taken is refused in words") {
  Worker worker;
  const auto first = make_named(kPool, kBytes, worker);
  REQUIRE(first);
  const auto second = make_named(kPool, kBytes, worker);
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error().message(), Catch::Contains((*first)->name()));
}

TEST_CASE("A sweep removes the named pools of the dead and no others") {
  Worker worker;
  const auto mine = make_named(kPool, kBytes, worker);
  REQUIRE(mine);
  const auto own = detail::own_pid();
  const auto space = detail::own_pid_namespace();
  const auto dead = dead_process();
  const std::string of_dead = fmt::format("dkvm-{}-{}-123-1", space, dead);
  const std::string of_former = fmt::format("dkvm-{}-{}-{}-1", space, own,
                                            detail::process_start(own) - 1);  // a number used again
  const std::string elsewhere = fmt::format("dkvm-{}-{}-123-1", space + 1, dead);
  const std::string foreign = fmt::format("dkvm-test-{}", own);
  for (const std::string& name : {of_dead, of_former, elsewhere, foreign})
    ipc::shared_memory_object(ipc::create_only, name.c_str(), ipc::read_write);

  CHECK(sweep_named_pools() >= 2);
  const auto left = names_of_pools();
  CHECK_FALSE(has(left, of_dead));
  CHECK_FALSE(has(left, of_former));
  CHECK(has(left, foreign));
  CHECK(has(left, elsewhere));
  CHECK(has(left, (*mine)->name()));
  ipc::shared_memory_object::remove(foreign.c_str());
  ipc::shared_memory_object::remove(elsewhere.c_str());
}
