#include "devices/x11/display/shm_segment.hpp"

#include "devices/x11/display/replies.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dkvm::x11 {
namespace {

// A descriptor can only be passed to a server on this machine.
bool passes_descriptors(xcb_connection_t* connection) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  auto* const address = reinterpret_cast<sockaddr*>(&peer);
  return ::getpeername(xcb_get_file_descriptor(connection), address, &length) == 0 &&
         peer.ss_family == AF_UNIX;
}

}  // namespace

Result<> ShmSegment::check_server(const Desktop& desktop) {
  const std::string where = "X display '" + desktop.name() + "': ";
  if (!passes_descriptors(desktop.server()))
    return fail(Errc::not_found, where +
                                     "the X server is reached over a network, expected one on "
                                     "this machine: pictures go through shared memory");
  DKVM_CHECK(desktop.extension("MIT-SHM"));
  const ReplyOf<xcb_shm_query_version_reply_t> version(xcb_shm_query_version_reply(
      desktop.server(), xcb_shm_query_version(desktop.server()), nullptr));
  DKVM_CHECK(desktop.check());
  if (version && (version->major_version > 1 || version->minor_version >= 2)) return {};
  return fail(Errc::not_found, where + "the X server has an old MIT-SHM, expected version 1.2");
}

Result<ShmSegment> ShmSegment::attach(xcb_connection_t* connection, int fd, Use use) {
  const int passed = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);  // xcb closes it when it is sent
  if (passed < 0)
    return fail(Errc::exhausted,
                std::string("passing shared memory to the X server: ") + std::strerror(errno));
  const xcb_shm_seg_t id = xcb_generate_id(connection);
  const auto attached =
      xcb_shm_attach_fd_checked(connection, id, passed, use == Use::server_reads ? 1 : 0);
  const ReplyOf<xcb_generic_error_t> error(xcb_request_check(connection, attached));
  if (error)
    return fail(Errc::exhausted, "the X server cannot map shared memory: X error " +
                                     std::to_string(error->error_code));
  if (xcb_connection_has_error(connection) != 0)
    return fail(Errc::disconnected, "the X server went while it mapped shared memory");
  ShmSegment segment;
  segment.connection_ = connection;
  segment.id_ = id;
  return segment;
}

ShmSegment::ShmSegment(ShmSegment&& other) noexcept
    : connection_(other.connection_), id_(std::exchange(other.id_, 0)) {}

ShmSegment& ShmSegment::operator=(ShmSegment&& other) noexcept {
  if (this != &other) {
    detach();
    connection_ = other.connection_;
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

void ShmSegment::detach() {
  if (id_ == 0) return;
  xcb_shm_detach(connection_, std::exchange(id_, 0));
  xcb_flush(connection_);
}

Result<ShmMemory> ShmMemory::make(xcb_connection_t* connection, std::size_t bytes) {
  const auto failed = [bytes](const char* what) {
    return fail(Errc::exhausted, std::string(what) + " of " + std::to_string(bytes) +
                                     " bytes for a window: " + std::strerror(errno));
  };
  const Fd fd(::memfd_create("dkvm-window", MFD_CLOEXEC));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return failed("shared memory");
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return failed("a mapping");
  ShmMemory memory;
  memory.bytes_ = {static_cast<std::byte*>(at), bytes};
  DKVM_TRY(memory.segment_,
           ShmSegment::attach(connection, fd.get(), ShmSegment::Use::server_reads));
  return memory;
}

ShmMemory::ShmMemory(ShmMemory&& other) noexcept
    : segment_(std::move(other.segment_)), bytes_(std::exchange(other.bytes_, {})) {}

ShmMemory& ShmMemory::operator=(ShmMemory&& other) noexcept {
  if (this != &other) {
    unmap();
    segment_ = std::move(other.segment_);
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

void ShmMemory::unmap() {
  segment_ = {};
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace dkvm::x11
