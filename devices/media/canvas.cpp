#include "devices/media/canvas.hpp"

#include <cstring>

namespace dkvm::media {

Canvas::Canvas(std::uint32_t width, std::uint32_t height, std::uint32_t fourcc)
    : width_(width), height_(height), fourcc_(fourcc), bytes_(stride() * height) {}

void Canvas::apply(const Picture& picture) {
  const Rect& area = picture.area();
  for (std::uint32_t y = 0; y < area.height(); ++y) {
    const auto into = row(area, area.y() + y);
    std::memcpy(into.data(), picture.row(y).data(), into.size());
  }
}

void Canvas::copy_to(const Rect& area, std::span<std::byte> out) const {
  if (area.width() == width_) {  // its rows lie one behind the other here too
    std::memcpy(out.data(), bytes_.data() + area.y() * stride(), area.height() * stride());
    return;
  }
  std::byte* into = out.data();
  for (std::uint32_t y = 0; y < area.height(); ++y) {
    const Bytes pixels = row(area, area.y() + y);
    std::memcpy(into, pixels.data(), pixels.size());
    into += pixels.size();
  }
}

}  // namespace dkvm::media
