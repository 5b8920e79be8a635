#include "devices/dummy/display/file_painter.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dkvm::dummy {

Result<std::optional<Rect>> FilePainter::draw(std::uint64_t number, bool partial) {
  if (next_.empty()) next_ = media::Canvas(canvas_.width(), canvas_.height(), canvas_.fourcc());
  DKVM_TRY(bool more, reader_->next(next_));
  if (!more && number == 1)
    return fail(Errc::invalid, "the file has no picture, expected at least one");
  if (!more && loop_) {
    DKVM_CHECK(reader_->rewind());
    DKVM_TRY(more, reader_->next(next_));
  }
  if (!more) return std::nullopt;
  const Rect damage = partial ? difference() : canvas_.area();
  std::swap(next_, canvas_);
  return damage;
}

// The least area with all that differs; a single pixel where nothing does.
Rect FilePainter::difference() const {
  const Rect all = canvas_.area();
  const std::uint32_t pixel_bytes = canvas_.pixel_bytes();
  std::uint32_t left = all.width();
  std::uint32_t right = 0;
  std::uint32_t top = all.height();
  std::uint32_t bottom = 0;
  for (std::uint32_t y = 0; y < all.height(); ++y) {
    const Bytes before = std::as_const(canvas_).row(all, y);
    const Bytes after = next_.row(all, y);
    if (std::memcmp(before.data(), after.data(), before.size()) == 0) continue;
    const auto first = std::ranges::mismatch(before, after).in1 - before.begin();
    const auto last = std::mismatch(before.rbegin(), before.rend(), after.rbegin()).first;
    left = std::min(left, static_cast<std::uint32_t>(first) / pixel_bytes);
    right = std::max(right, static_cast<std::uint32_t>(before.rend() - last - 1) / pixel_bytes + 1);
    top = std::min(top, y);
    bottom = y + 1;
  }
  if (bottom == 0) return {0, 0, 1, 1};
  return {left, top, right - left, bottom - top};
}

}  // namespace dkvm::dummy
