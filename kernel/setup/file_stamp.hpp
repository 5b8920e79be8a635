#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// By what a file's contents are recognised without reading them. One that was
// built anew has another stamp, whether it was written over or replaced.
struct FileStamp {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

// Of those of the paths that are regular files at this moment.
std::vector<FileStamp> stamps_of(const std::vector<std::string>& paths);

// Where execvp() would find a program: `name` itself when it has a slash, else
// in the first folder of `path` (colon-separated) that has it; empty if none has.
std::string find_in_path(std::string_view name, std::string_view path);

}  // namespace dkvm
