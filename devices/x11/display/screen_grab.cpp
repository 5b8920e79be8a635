#include "devices/x11/display/screen_grab.hpp"

#include <string>
#include <utility>

namespace dkvm::x11 {

Result<> ScreenGrab::attach(const PoolView& pool) {
  if (pool.bytes.size() > UINT32_MAX)
    return fail(Errc::exhausted, "a pool of " + std::to_string(pool.bytes.size()) +
                                     " bytes, expected at most 4 GiB: MIT-SHM has offsets of 32 "
                                     "bits");
  DKVM_TRY(auto segment, ShmSegment::attach(connection_, pool.fd, ShmSegment::Use::server_writes));
  pools_[pool.pool] = {std::move(segment), pool.stride};
  return {};
}

void ScreenGrab::begin(Part part) {
  const auto pool = pools_.find(part.slot.pool());
  const xcb_shm_seg_t segment = pool == pools_.end() ? 0 : pool->second.segment.id();
  const std::size_t offset = pool == pools_.end() ? 0 : part.slot.index() * pool->second.stride;
  const Rect& area = part.area;
  answer_.ask(xcb_shm_get_image(
      connection_, root_, static_cast<std::int16_t>(area.x()), static_cast<std::int16_t>(area.y()),
      static_cast<std::uint16_t>(area.width()), static_cast<std::uint16_t>(area.height()), ~0u,
      XCB_IMAGE_FORMAT_Z_PIXMAP, segment, static_cast<std::uint32_t>(offset)));
  part_ = std::move(part);
}

std::optional<ScreenGrab::Outcome> ScreenGrab::poll() {
  auto answer = answer_.poll(connection_);
  if (!answer) return std::nullopt;
  Outcome outcome{std::move(part_), std::nullopt};
  if (*answer == nullptr) outcome.refused = answer_.error();
  return outcome;
}

}  // namespace dkvm::x11
