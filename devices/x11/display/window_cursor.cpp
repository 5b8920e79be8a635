#include "devices/x11/display/window_cursor.hpp"

#include "devices/x11/display/replies.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace dkvm::x11 {
namespace {

constexpr std::uint8_t kDepth = 32;
constexpr xcb_cursor_t kNone = XCB_CURSOR_NONE;

bool is_argb(const xcb_render_pictforminfo_t& format) {
  const auto& direct = format.direct;
  return format.type == XCB_RENDER_PICT_TYPE_DIRECT && format.depth == kDepth &&
         direct.alpha_shift == 24 && direct.alpha_mask == 0xFF && direct.red_shift == 16 &&
         direct.red_mask == 0xFF && direct.green_shift == 8 && direct.green_mask == 0xFF &&
         direct.blue_shift == 0 && direct.blue_mask == 0xFF;
}

}  // namespace

Result<> WindowCursor::start(const Desktop& desktop) {
  DKVM_CHECK(desktop.extension("RENDER"));
  const ReplyOf<xcb_render_query_version_reply_t> version(xcb_render_query_version_reply(
      connection_, xcb_render_query_version(connection_, 0, 11), nullptr));
  const ReplyOf<xcb_render_query_pict_formats_reply_t> formats(xcb_render_query_pict_formats_reply(
      connection_, xcb_render_query_pict_formats(connection_), nullptr));
  DKVM_CHECK(desktop.check());
  if (formats)
    for (auto each = xcb_render_query_pict_formats_formats_iterator(formats.get()); each.rem != 0;
         xcb_render_pictforminfo_next(&each))
      if (is_argb(*each.data)) argb_ = each.data->id;
  if (argb_ != 0) return {};
  return fail(Errc::not_found, "X display '" + desktop.name() +
                                   "': the X server has no pictures with alpha, expected them for "
                                   "cursor: local");
}

bool WindowCursor::take(const Cursor& cursor, Bytes image) {
  const std::uint64_t pixels = std::uint64_t{cursor.width} * cursor.height;
  if (pixels != 0 && image.size() / 4 >= pixels) {
    const bool fits = cursor.width <= kSideMax && cursor.height <= kSideMax;
    const xcb_cursor_t made = fits ? make(cursor, image.first(pixels * 4)) : kNone;
    if (cursor.visible) show(made);
    if (of_shape_ != XCB_CURSOR_NONE) xcb_free_cursor(connection_, of_shape_);
    of_shape_ = made;
    shape_ = cursor.shape;
  }
  show(cursor.visible ? of_shape_ : nothing());
  return shape_ == cursor.shape;
}

xcb_cursor_t WindowCursor::nothing() {
  if (nothing_ == XCB_CURSOR_NONE) {
    Cursor pixel;
    pixel.width = pixel.height = 1;
    const std::array<std::byte, 4> transparent{};
    nothing_ = make(pixel, transparent);
  }
  return nothing_;
}

void WindowCursor::show(xcb_cursor_t cursor) {
  if (std::exchange(shown_, cursor) == cursor) return;
  const std::uint32_t value = cursor;
  xcb_change_window_attributes(connection_, window_, XCB_CW_CURSOR, &value);
}

xcb_cursor_t WindowCursor::make(const Cursor& cursor, Bytes image) {
  const xcb_pixmap_t pixmap = xcb_generate_id(connection_);
  const xcb_gcontext_t gc = xcb_generate_id(connection_);
  const xcb_render_picture_t picture = xcb_generate_id(connection_);
  const xcb_cursor_t made = xcb_generate_id(connection_);
  const auto u16 = [](std::uint32_t value) { return static_cast<std::uint16_t>(value); };
  xcb_create_pixmap(connection_, kDepth, pixmap, window_, u16(cursor.width), u16(cursor.height));
  xcb_create_gc(connection_, gc, pixmap, 0, nullptr);
  // Row by row: an image with its header is longer than what some servers take at once.
  const std::size_t row_bytes = std::size_t{cursor.width} * 4;
  for (std::uint32_t y = 0; y < cursor.height; ++y)
    xcb_put_image(connection_, XCB_IMAGE_FORMAT_Z_PIXMAP, pixmap, gc, u16(cursor.width), 1, 0,
                  static_cast<std::int16_t>(y), 0, kDepth, static_cast<std::uint32_t>(row_bytes),
                  reinterpret_cast<const std::uint8_t*>(image.data() + y * row_bytes));
  xcb_render_create_picture(connection_, picture, pixmap, argb_, 0, nullptr);
  xcb_render_create_cursor(connection_, made, picture,
                           u16(std::min(cursor.hot_x, cursor.width - 1)),
                           u16(std::min(cursor.hot_y, cursor.height - 1)));
  xcb_render_free_picture(connection_, picture);
  xcb_free_gc(connection_, gc);
  xcb_free_pixmap(connection_, pixmap);
  return made;
}

}  // namespace dkvm::x11
