#include "tests/unit/sdk/pool_rig.hpp"

#include <dkvm/detail/mapping_linux.hpp>

#include <boost/interprocess/shared_memory_object.hpp>

#include <fstream>
#include <sstream>
#include <string>

using namespace dkvm;
using namespace dkvm::detail;
using namespace dkvm::test;

namespace {

// The line of this process's smaps after the one that begins with the address.
std::string flags_of(const void* address) {
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<std::uintptr_t>(address) << "-";
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.rfind(begin.str(), 0) == 0) inside = true;
    if (inside && line.rfind("VmFlags:", 0) == 0) return line;
  }
  return "not mapped";
}

}  // namespace

TEST_CASE("what the producer writes is what the reader sees, and no core dump has it") {
  const auto memory = make_memory(2 * kStride);
  auto written = Mapping::of(memory, 2 * kStride, Access::write);
  REQUIRE(written);
  REQUIRE(written->prefault(memory));
  const auto read = Mapping::of(for_reading(memory), 2 * kStride, Access::read);
  REQUIRE(read);
  written->bytes()[kStride] = std::byte{42};
  CHECK(read->bytes()[kStride] == std::byte{42});
  CHECK_THAT(flags_of(written->bytes().data()), Catch::Contains(" dd"));
  CHECK_THAT(flags_of(read->bytes().data()), Catch::Contains(" dd") && !Catch::Contains(" wr"));
}

TEST_CASE("memory that is smaller than it is said to be is not mapped") {
  const auto memory = make_memory(kStride);
  const auto mapping = Mapping::of(memory, kStride + 1, Access::read);
  REQUIRE_FALSE(mapping);
  CHECK(mapping.error().code() == Errc::corrupt);
  CHECK_THAT(mapping.error().message(), Catch::Contains("has 4096 bytes, expected 4097"));
}

TEST_CASE("what cannot be mapped is an error and no exception") {
  const auto memory = make_memory(kStride);
  const auto mapping = Mapping::of(for_reading(memory), kStride, Access::write);
  REQUIRE_FALSE(mapping);
  CHECK(mapping.error().code() == Errc::exhausted);
  CHECK_THAT(mapping.error().message(), Catch::Contains("mapping 4096 bytes: "));
}

TEST_CASE("memory with a name is opened by it") {
  const std::string name = "dkvm-mapping-test-" + std::to_string(::getpid());
  namespace ipc = boost::interprocess;
  ipc::shared_memory_object made(ipc::create_only, name.c_str(), ipc::read_write);
  made.truncate(static_cast<ipc::offset_t>(kStride));
  const auto fd = Mapping::open_named(name, Access::write);
  REQUIRE(ipc::shared_memory_object::remove(name.c_str()));
  REQUIRE(fd);
  CHECK(Mapping::of(*fd, kStride, Access::write));
  const auto again = Mapping::open_named(name, Access::write);
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::not_found);
  CHECK_THAT(again.error().message(), Catch::Contains("'" + name + "'"));
}
