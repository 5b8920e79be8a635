#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace dkvm {

// Owns a file descriptor: closed with its owner.
using detail::Fd;

// Opens a file, a device node or a pipe for Context::watch().
// Errors: Errc::not_found, with the path and the system's reason.
inline Result<Fd> open_nonblocking(const std::string& path, int flags = O_RDONLY) {
  Fd fd(::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail(Errc::not_found, "opening '" + path + "': " + std::strerror(errno));
  return fd;
}

}  // namespace dkvm
