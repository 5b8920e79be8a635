#pragma once

#include <cstddef>
#include <string>

namespace dkvm::test {

// A file system of a few pages over a folder of a desk, for this process and those that it
// starts. Takes root: without it made() is false, and the test shows as skipped.
class SmallDisk {
 public:
  // files: how many it may hold, the folder itself among them.
  SmallDisk(const std::string& folder, std::size_t bytes, std::size_t files);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool made() const { return made_; }
  // Nothing more can be written, until empty().
  void fill() const;
  void empty() const;

 private:
  std::string folder_;
  bool made_ = false;
};

}  // namespace dkvm::test
