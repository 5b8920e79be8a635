#include "tests/e2e/trouble/small_disk.hpp"

#include <catch2/catch.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace dkvm::test {
namespace {

constexpr const char* kFiller = "/filler";

}  // namespace

SmallDisk::SmallDisk(const std::string& folder, std::size_t bytes, std::size_t files)
    : folder_(folder) {
  std::filesystem::create_directories(folder);
  const std::string options =
      "size=" + std::to_string(bytes) + ",nr_inodes=" + std::to_string(files) + ",mode=0700";
  made_ = ::unshare(CLONE_NEWNS) == 0 &&
          ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
          ::mount("small", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
  if (!made_) std::printf("SKIPPED: a small disk takes root: %s\n", std::strerror(errno));
}

SmallDisk::~SmallDisk() {
  if (made_) ::umount2(folder_.c_str(), MNT_DETACH);
}

// Byte by byte at the end: what is left of the last page counts too.
void SmallDisk::fill() const {
  const std::string filler = folder_ + kFiller;
  for (const std::size_t piece : {std::size_t{4096}, std::size_t{1}}) {
    std::ofstream out(filler, std::ios::binary | std::ios::app);
    const std::string bytes(piece, 'x');
    while (out.write(bytes.data(), static_cast<std::streamsize>(piece)).flush()) {
    }
  }
  REQUIRE(std::filesystem::space(folder_).available == 0);
}

void SmallDisk::empty() const { std::filesystem::remove(folder_ + kFiller); }

}  // namespace dkvm::test
