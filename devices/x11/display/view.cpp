#include "devices/x11/display/view.hpp"

#include "devices/x11/display/owed.hpp"
#include "devices/x11/display/pixels.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dkvm::x11 {
namespace {

Rect all_of(const Size& size) { return {0, 0, size.width, size.height}; }
std::size_t bytes_of(const Size& size) {
  return std::size_t{size.width} * size.height * kPixelBytes;
}
bool touch(const Rect& a, const Rect& b) {
  return !is_empty(part_within(a, b.x(), b.y(), b.width(), b.height()));
}

}  // namespace

Result<bool> View::take(const Picture& picture) {
  const Size size{picture.width(), picture.height()};
  if (picture.partial() && (!whole_ || size != placement_.picture())) return false;
  if (size != placement_.picture() || shown_.bytes().empty()) DKVM_CHECK(begin(size));
  copy_into(picture, pixels());
  const Rect part = placement_.shown_part(picture.area());
  if (!scaled_from_.empty())
    scale_part(scaled_from_, size.width, size.height, shown_.bytes(), placement_.shown().width,
               placement_.shown().height, part);
  dirty_ = unite(dirty_, part);
  whole_ = true;
  return true;
}

// A picture of another size: nothing is left of the last one.
Result<> View::begin(Size picture) {
  whole_ = false;
  scaled_from_.clear();
  shown_ = {};
  placement_ = Placement(scale_, picture, window_.size());
  DKVM_TRY(shown_, ShmMemory::make(server_, bytes_of(placement_.shown())));
  if (placement_.scaled()) scaled_from_.resize(bytes_of(picture));
  cursor_.place(placement_);
  window_.clear();
  dirty_ = painted_ = {};
  return {};
}

Result<> View::on_resized() {
  if (!whole_) return {};
  return place(Placement(scale_, placement_.picture(), window_.size()));
}

// The same picture at another place, or another size.
Result<> View::place(const Placement& next) {
  if (next.shown() != placement_.shown()) {
    DKVM_TRY(auto memory, ShmMemory::make(server_, bytes_of(next.shown())));
    const auto now = pixels();
    if (next.scaled()) {
      if (scaled_from_.empty()) scaled_from_.assign(now.begin(), now.end());
      scale_part(scaled_from_, next.picture().width, next.picture().height, memory.bytes(),
                 next.shown().width, next.shown().height, all_of(next.shown()));
    } else {
      std::memcpy(memory.bytes().data(), now.data(), now.size());
      scaled_from_ = {};
    }
    shown_ = std::move(memory);
  }
  placement_ = next;
  cursor_.place(placement_);
  window_.clear();
  dirty_ = all_of(placement_.shown());
  painted_ = {};
  return {};
}

bool View::on_exposed(const Rect& area) {
  if (!whole_) return false;
  const Size& shown = placement_.shown();
  const Rect there = part_within({placement_.x(), placement_.y(), shown.width, shown.height},
                                 area.x(), area.y(), area.width(), area.height());
  if (!is_empty(there))
    dirty_ = unite(dirty_, {there.x() - placement_.x(), there.y() - placement_.y(), there.width(),
                            there.height()});
  return true;
}

void View::cursor_changed() {
  if (!whole_) return;
  dirty_ = unite(unite(dirty_, painted_), cursor_.area());
}

void View::show() {
  if (is_empty(dirty_) || done_.waiting() || !whole_) return;
  put(shown_.id(), placement_.shown(), dirty_, dirty_.x(), dirty_.y());
  if (touch(cursor_.area(), dirty_)) put_cursor();
  painted_ = cursor_.area();
  dirty_ = {};
  done_.ask(xcb_get_input_focus(server_));
}

// Over the picture that was put before it.
void View::put_cursor() {
  if (patch_.bytes().empty()) {
    constexpr std::size_t kPatchBytes =
        std::size_t{PaintedCursor::kSideMax} * PaintedCursor::kSideMax * kPixelBytes;
    auto made = ShmMemory::make(server_, kPatchBytes);
    if (!made) return;  // a picture without a pointer is better than none
    patch_ = std::move(*made);
  }
  const Rect& area = cursor_.area();
  cursor_.paint(shown_.bytes(), patch_.bytes());
  put(patch_.id(), {area.width(), area.height()}, all_of({area.width(), area.height()}), area.x(),
      area.y());
}

void View::put(xcb_shm_seg_t from, const Size& size, const Rect& part, std::uint32_t x,
               std::uint32_t y) {
  const auto u16 = [](std::uint32_t value) { return static_cast<std::uint16_t>(value); };
  const auto i16 = [](std::uint32_t value) { return static_cast<std::int16_t>(value); };
  xcb_shm_put_image(server_, window_.id(), window_.gc(), u16(size.width), u16(size.height),
                    u16(part.x()), u16(part.y()), u16(part.width()), u16(part.height()),
                    i16(placement_.x() + x), i16(placement_.y() + y), window_.depth(),
                    XCB_IMAGE_FORMAT_Z_PIXMAP, 0, from, 0);
}

}  // namespace dkvm::x11
