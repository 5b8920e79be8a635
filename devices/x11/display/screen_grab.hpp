#pragma once

#include "devices/x11/display/replies.hpp"
#include "devices/x11/display/shm_segment.hpp"

#include <dkvm/buffers.hpp>
#include <dkvm/picture.hpp>
#include <dkvm/pool.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace dkvm::x11 {

// Has an X server write parts of its screen straight into slots. It asks and goes
// on: the server takes its time, and may be stopped, without this process waiting.
class ScreenGrab {
 public:
  // One part of the screen, on its way or there.
  struct Part {
    Slot slot;
    Rect area;  // in pixels of the root window
  };
  struct Outcome {
    Part part;
    // The screen has become smaller, or the slot's pool is gone.
    std::optional<xcb_generic_error_t> refused;
  };

  // Life: the connection outlives this
  ScreenGrab(xcb_connection_t* connection, xcb_window_t root)
      : connection_(connection), root_(root) {}

  // For PoolOptions: only slots of a pool that is attached can be taken.
  // Errors: Errc::exhausted for pools of more than 4 GiB, those of ShmSegment::attach().
  Result<> attach(const PoolView& pool);
  void detach(const PoolView& pool) { pools_.erase(pool.pool); }

  bool busy() const { return answer_.waiting(); }

  // Shape: not busy(); the slot holds the part's pixels, 4 bytes each, without gaps
  void begin(Part part);
  // What has become of it, once; nullopt while there is no answer.
  std::optional<Outcome> poll();

 private:
  struct Attached {
    ShmSegment segment;
    std::size_t stride;
  };

  xcb_connection_t* connection_;
  xcb_window_t root_;
  std::unordered_map<std::uint32_t, Attached> pools_;
  Awaited<xcb_shm_get_image_reply_t> answer_;
  Part part_;
};

}  // namespace dkvm::x11
