#pragma once

#include "devices/x11/display/desktop.hpp"

#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <cstddef>
#include <span>

namespace dkvm::x11 {

// Memory that an X server has mapped too, by its descriptor (MIT-SHM 1.2): pictures
// go through it without crossing the connection.
class ShmSegment {
 public:
  enum class Use : bool { server_writes, server_reads };

  // Errors: Errc::not_found when the server has no MIT-SHM 1.2, or is not on this
  //         machine; Errc::disconnected.
  static Result<> check_server(const Desktop& desktop);

  // Attaches what somebody else has mapped, and waits for the server to have it.
  // Errors: Errc::exhausted when the server cannot map it, Errc::disconnected.
  // Life:   fd may be closed, or sealed, afterwards; the connection outlives this
  static Result<ShmSegment> attach(xcb_connection_t* connection, int fd, Use use);

  ShmSegment() = default;
  ShmSegment(ShmSegment&& other) noexcept;
  ShmSegment& operator=(ShmSegment&& other) noexcept;
  ~ShmSegment() { detach(); }

  // 0: none. Requests that use it may still be on their way when it is detached.
  xcb_shm_seg_t id() const { return id_; }

 private:
  void detach();

  xcb_connection_t* connection_ = nullptr;
  xcb_shm_seg_t id_ = 0;
};

// The same of memory of one's own, which the server reads.
class ShmMemory {
 public:
  // Errors: Errc::exhausted without memory, those of ShmSegment::attach().
  static Result<ShmMemory> make(xcb_connection_t* connection, std::size_t bytes);

  ShmMemory() = default;
  ShmMemory(ShmMemory&& other) noexcept;
  ShmMemory& operator=(ShmMemory&& other) noexcept;
  ~ShmMemory() { unmap(); }

  xcb_shm_seg_t id() const { return segment_.id(); }
  std::span<std::byte> bytes() const { return bytes_; }

 private:
  void unmap();

  ShmSegment segment_;
  std::span<std::byte> bytes_;
};

}  // namespace dkvm::x11
