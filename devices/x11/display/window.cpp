#include "devices/x11/display/window.hpp"

#include "devices/x11/display/latin1.hpp"

#include <algorithm>
#include <cstring>

namespace dkvm::x11 {
namespace {

// The window in its area: all of it, or in the middle.
Rect place_of(const Rect& area, const Size& size) {
  const std::uint32_t width = std::clamp(size.width, 1u, area.width());
  const std::uint32_t height = std::clamp(size.height, 1u, area.height());
  return {area.x() + (area.width() - width) / 2, area.y() + (area.height() - height) / 2, width,
          height};
}

}  // namespace

Window::Window(const Desktop& desktop, const Options& options)
    : desktop_(desktop),
      id_(xcb_generate_id(desktop.server())),
      gc_(xcb_generate_id(desktop.server())) {
  xcb_connection_t* const server = desktop_.server();
  const Size whole{options.area.width(), options.area.height()};
  const Rect place = place_of(options.area, options.fullscreen ? whole : options.size);
  size_ = {place.width(), place.height()};
  const std::uint32_t values[] = {desktop_.screen().black_pixel,
                                  XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_STRUCTURE_NOTIFY};
  xcb_create_window(server, XCB_COPY_FROM_PARENT, id_, desktop_.root(),
                    static_cast<std::int16_t>(place.x()), static_cast<std::int16_t>(place.y()),
                    static_cast<std::uint16_t>(place.width()),
                    static_cast<std::uint16_t>(place.height()), 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                    XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK, values);
  const std::uint32_t no_exposures = 0;
  xcb_create_gc(server, gc_, id_, XCB_GC_GRAPHICS_EXPOSURES, &no_exposures);
  set_text(XCB_ATOM_WM_NAME, XCB_ATOM_STRING, latin1_of(options.title));
  set_text(atom("_NET_WM_NAME"), atom("UTF8_STRING"), options.title);
  set_text(XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, std::string("dkvm-x11-display-sink\0dkvm", 26));
  protocols_ = atom("WM_PROTOCOLS");
  delete_window_ = atom("WM_DELETE_WINDOW");
  set_atoms("WM_PROTOCOLS", "WM_DELETE_WINDOW");
  if (options.fullscreen) set_atoms("_NET_WM_STATE", "_NET_WM_STATE_FULLSCREEN");
  set_place_hints(place);
  xcb_map_window(server, id_);
}

xcb_atom_t Window::atom(const char* name) const {
  const auto length = static_cast<std::uint16_t>(std::strlen(name));
  const ReplyOf<xcb_intern_atom_reply_t> reply(xcb_intern_atom_reply(
      desktop_.server(), xcb_intern_atom(desktop_.server(), 0, length, name), nullptr));
  return reply ? reply->atom : xcb_atom_t{XCB_ATOM_NONE};
}

void Window::set_text(xcb_atom_t property, xcb_atom_t type, const std::string& text) {
  xcb_change_property(desktop_.server(), XCB_PROP_MODE_REPLACE, id_, property, type, 8,
                      static_cast<std::uint32_t>(text.size()), text.data());
}

void Window::set_atoms(const char* property, const char* value) {
  const xcb_atom_t atoms[] = {atom(value)};
  xcb_change_property(desktop_.server(), XCB_PROP_MODE_REPLACE, id_, atom(property), XCB_ATOM_ATOM,
                      32, 1, atoms);
}

// Window managers keep a place that "the user" has asked for (ICCCM, WM_NORMAL_HINTS).
void Window::set_place_hints(const Rect& place) {
  constexpr std::uint32_t kUserPosition = 1, kUserSize = 2;
  const std::uint32_t hints[18] = {kUserPosition | kUserSize, place.x(), place.y(), place.width(),
                                   place.height()};
  xcb_change_property(desktop_.server(), XCB_PROP_MODE_REPLACE, id_, XCB_ATOM_WM_NORMAL_HINTS,
                      XCB_ATOM_WM_SIZE_HINTS, 32, 18, hints);
}

Window::Happened Window::take(const xcb_generic_event_t& event) {
  switch (event.response_type & 0x7F) {
    case XCB_EXPOSE: {
      const auto& expose = reinterpret_cast<const xcb_expose_event_t&>(event);
      exposed_ = {expose.x, expose.y, expose.width, expose.height};
      return expose.window == id_ ? Happened::exposed : Happened::nothing;
    }
    case XCB_CONFIGURE_NOTIFY: {
      const auto& configure = reinterpret_cast<const xcb_configure_notify_event_t&>(event);
      const Size size{configure.width, configure.height};
      if (configure.window != id_ || size == size_) return Happened::nothing;
      size_ = size;
      return Happened::resized;
    }
    case XCB_CLIENT_MESSAGE: {
      const auto& message = reinterpret_cast<const xcb_client_message_event_t&>(event);
      const bool closes = message.window == id_ && message.type == protocols_ &&
                          message.data.data32[0] == delete_window_;
      return closes ? Happened::closed : Happened::nothing;
    }
    case XCB_DESTROY_NOTIFY: {
      const auto& gone = reinterpret_cast<const xcb_destroy_notify_event_t&>(event);
      return gone.window == id_ ? Happened::closed : Happened::nothing;
    }
    default: return Happened::nothing;
  }
}

void Window::resize(const Size& size) {
  const std::uint32_t values[] = {size.width, size.height};
  xcb_configure_window(desktop_.server(), id_, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                       values);
}

void Window::move_to(const Rect& area) {
  const std::uint32_t values[] = {area.x(), area.y(), area.width(), area.height()};
  xcb_configure_window(desktop_.server(), id_,
                       XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
                           XCB_CONFIG_WINDOW_HEIGHT,
                       values);
}

void Window::clear() { xcb_clear_area(desktop_.server(), 0, id_, 0, 0, 0, 0); }

}  // namespace dkvm::x11
