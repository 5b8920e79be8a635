#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace dkvm::detail {

enum class Access : std::uint8_t { read, write };

// Shared memory in this process: unmapped with its owner.
class Mapping {
 public:
  // Maps the first `bytes` of a memfd, or of whatever else fd is; no core dump
  // will hold them.
  // Errors: Errc::corrupt when the memory is smaller than that, Errc::exhausted
  //         without address space.
  // Life:   fd may be closed afterwards
  static Result<Mapping> of(const Fd& fd, std::size_t bytes, Access access) {
    struct stat file {};
    if (::fstat(fd.get(), &file) != 0) return system_error(Errc::corrupt, "looking at its memory");
    if (file.st_size < 0 || static_cast<std::size_t>(file.st_size) < bytes)
      return fail(Errc::corrupt, "its memory has " + std::to_string(file.st_size) +
                                     " bytes, expected " + std::to_string(bytes));
    try {
      Mapping made;
      made.region_ = boost::interprocess::mapped_region(Mappable{fd.get()}, mode(access), 0, bytes);
      ::madvise(made.region_.get_address(), bytes, MADV_DONTDUMP);
      return made;
    } catch (const std::exception& error) {
      return fail(Errc::exhausted,
                  "mapping " + std::to_string(bytes) + " bytes: " + std::string(error.what()));
    }
  }

  // Memory that has a name instead of a descriptor.
  // Errors: Errc::not_found.
  static Result<Fd> open_named(const std::string& name, Access access) {
    try {
      const boost::interprocess::shared_memory_object memory(boost::interprocess::open_only,
                                                             name.c_str(), mode(access));
      return Fd(::fcntl(memory.get_mapping_handle().handle, F_DUPFD_CLOEXEC, 0));
    } catch (const std::exception& error) {
      return fail(Errc::not_found, "opening shared memory '" + name + "': " + error.what());
    }
  }

  // Shape: of a mapping for reading, writing to them is a fault
  std::span<std::byte> bytes() const {
    return {static_cast<std::byte*>(region_.get_address()), region_.get_size()};
  }

  // Gets all pages now, so that no write waits for one later; or until `stop` is set.
  // Any thread may do it, while the mapping stays where it is.
  // Shape:  fd is the memory that is mapped, for writing; it is fresh
  // Units:  about 3 ms for each MiB
  // Errors: Errc::exhausted when the machine has no memory for them.
  Result<> prefault(const Fd& fd, const std::atomic<bool>& stop = kGoOn) const {
    const auto all = bytes();
    for (std::size_t at = 0; at < all.size() && !stop; at += kPiece)
      DKVM_CHECK(prefault_piece(fd, at, all.subspan(at, std::min(kPiece, all.size() - at))));
    return {};
  }

 private:
  static constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE; older headers lack it
  static constexpr std::size_t kPiece = 4 * 1024 * 1024;  // between two looks at `stop`
  static inline const std::atomic<bool> kGoOn{false};

  static Result<> prefault_piece(const Fd& fd, std::size_t at, std::span<std::byte> piece) {
    if (::madvise(piece.data(), piece.size(), kPopulateWrite) == 0) return {};
    if (errno != EINVAL) return system_error(Errc::exhausted, "getting its pages");
    // Linux before 5.14. Touching a page that cannot be had would be a SIGBUS.
    if (const int failed =
            ::posix_fallocate(fd.get(), static_cast<off_t>(at), static_cast<off_t>(piece.size())))
      return fail(Errc::exhausted, std::string("getting its pages: ") + std::strerror(failed));
    const std::size_t page = boost::interprocess::mapped_region::get_page_size();
    for (std::size_t byte = 0; byte < piece.size(); byte += page)
      *static_cast<volatile std::byte*>(&piece[byte]) = std::byte{0};
    return {};
  }

  struct Mappable {
    int fd;
    boost::interprocess::mapping_handle_t get_mapping_handle() const {
      return boost::interprocess::ipcdetail::mapping_handle_from_file_handle(fd);
    }
  };

  static boost::interprocess::mode_t mode(Access access) {
    return access == Access::write ? boost::interprocess::read_write
                                   : boost::interprocess::read_only;
  }

  static tl::unexpected<Error> system_error(Errc code, const std::string& what) {
    return fail(code, what + ": " + std::strerror(errno));
  }

  boost::interprocess::mapped_region region_;
};

}  // namespace dkvm::detail
