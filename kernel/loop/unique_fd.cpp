#include "kernel/loop/unique_fd.hpp"

#include <unistd.h>

namespace dkvm {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

}  // namespace dkvm
