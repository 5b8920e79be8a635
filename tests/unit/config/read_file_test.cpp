#include "config/read_file.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <dkvm/detail/fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

using namespace dkvm;
using namespace dkvm::test;
using detail::read_file;

namespace {

constexpr std::size_t kBytesMax = 1024;

// A file that nobody has changed for a while.
void make_old(const std::string& path) {
  const timespec long_ago[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), long_ago, 0) == 0);
}

}  // namespace

TEST_CASE("a file is read up to its limit, whoever writes it, unless it must be finished") {
  const TempDir directory;
  const std::string path = directory.file("kvm.yaml", std::string(kBytesMax + 1, 'x'));
  const detail::Fd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(writer);
  const auto read = read_file(path, kBytesMax, false);
  REQUIRE(read);
  CHECK(read->size() == kBytesMax);
}

TEST_CASE("a file that somebody has open for writing is not finished, and is when it is closed") {
  const TempDir directory;
  const std::string path = directory.file("kvm.yaml", "devices: {}\n");
  detail::Fd writer(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(writer);
  make_old(path);
  const auto refused = read_file(path, kBytesMax, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::overloaded);
  CHECK(refused.error().message() == "somebody is writing it");
  writer.reset();
  CHECK(read_file(path, kBytesMax, true).value() == "devices: {}\n");
  // Whoever writes it afterwards is not held up.
  const detail::Fd next(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(next);
}

TEST_CASE("a reader does not make a file unfinished") {
  const TempDir directory;
  const std::string path = directory.file("kvm.yaml", "devices: {}\n");
  const detail::Fd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(read_file(path, kBytesMax, true));
}

TEST_CASE("what cannot be read says why") {
  const TempDir directory;
  CHECK(read_file(directory.file("none"), kBytesMax, true).error().message() ==
        "No such file or directory");
  CHECK(read_file(directory.path().string(), kBytesMax, true).error().message() ==
        "it is a folder");
}

TEST_CASE("a pipe has no end of writing, and is read to its end") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const detail::Fd reading(ends[0]);
  detail::Fd writing(ends[1]);
  REQUIRE(::write(writing.get(), "devices: {}\n", 12) == 12);
  writing.reset();
  const std::string path = "/proc/self/fd/" + std::to_string(reading.get());
  CHECK(read_file(path, kBytesMax, true).value() == "devices: {}\n");
}
