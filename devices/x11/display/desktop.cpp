#include "devices/x11/display/desktop.hpp"

#include "devices/x11/display/owed.hpp"

#include <xcb/randr.h>

#include <X11/Xlib-xcb.h>

#include <utility>

namespace dkvm::x11 {
namespace {

const xcb_screen_t* screen_of(xcb_connection_t* server, xcb_window_t root) {
  auto screens = xcb_setup_roots_iterator(xcb_get_setup(server));
  while (screens.rem > 1 && screens.data->root != root) xcb_screen_next(&screens);
  return screens.data;
}

const xcb_visualtype_t* visual_of(const xcb_screen_t* screen) {
  for (auto depths = xcb_screen_allowed_depths_iterator(screen); depths.rem != 0;
       xcb_depth_next(&depths)) {
    for (auto visuals = xcb_depth_visuals_iterator(depths.data); visuals.rem != 0;
         xcb_visualtype_next(&visuals))
      if (visuals.data->visual_id == screen->root_visual) return visuals.data;
  }
  return nullptr;
}

int bits_per_pixel(const xcb_setup_t* setup, std::uint8_t depth) {
  for (auto formats = xcb_setup_pixmap_formats_iterator(setup); formats.rem != 0;
       xcb_format_next(&formats))
    if (formats.data->depth == depth) return formats.data->bits_per_pixel;
  return 0;
}

}  // namespace

Result<std::unique_ptr<Desktop>> Desktop::open(const ConfigReader& config) {
  DKVM_TRY(auto connection, Connection::open(config));
  ::XSetEventQueueOwner(connection->get(), XCBOwnsEventQueue);  // first of all
  DKVM_TRY(const auto randr, connection->extension("RANDR"));
  DKVM_TRY(auto monitors, Monitors::open(*connection));
  std::unique_ptr<Desktop> desktop(
      new Desktop(std::move(connection), std::move(monitors), randr.event_first));
  DKVM_CHECK(desktop->expect_true_colour());
  return desktop;
}

Desktop::Desktop(std::unique_ptr<Connection> connection, Monitors monitors, int randr_event)
    : connection_(std::move(connection)),
      monitors_(std::move(monitors)),
      server_(::XGetXCBConnection(connection_->get())),
      screen_(screen_of(server_, static_cast<xcb_window_t>(connection_->root()))),
      randr_event_(static_cast<unsigned>(randr_event)) {
  const std::uint32_t events = XCB_EVENT_MASK_STRUCTURE_NOTIFY;  // a new size of the root window
  xcb_change_window_attributes(server_, root(), XCB_CW_EVENT_MASK, &events);
  connection_->on_refusal([this](const std::string& words) { refusal_ = words; });
}

// Xlib has words of its own for closing what is gone: the process ends, and the last
// words are to be ours.
Desktop::~Desktop() {
  if (!check()) static_cast<void>(connection_.release());
}

Result<> Desktop::expect_true_colour() const {
  const xcb_setup_t* const setup = xcb_get_setup(server_);
  const xcb_visualtype_t* const visual = visual_of(screen_);
  if (bits_per_pixel(setup, screen_->root_depth) == 32 && visual != nullptr &&
      setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST && visual->red_mask == 0xFF0000 &&
      visual->green_mask == 0xFF00 && visual->blue_mask == 0xFF)
    return {};
  return fail(Errc::not_found, "X display '" + name() + "': the screen has depth " +
                                   std::to_string(screen_->root_depth) +
                                   ", expected 24 or 32 with 8 bits for each colour");
}

Result<> Desktop::carry(Context& context, std::function<void()> pump) {
  DKVM_CHECK(context.watch(xcb_get_file_descriptor(server_), [] {}));
  context.on_turn_end(std::move(pump));
  return {};
}

// Errors that nobody waits for come as events.
ReplyOf<xcb_generic_event_t> Desktop::next_event() {
  for (;;) {
    ReplyOf<xcb_generic_event_t> event(xcb_poll_for_event(server_));
    if (!event || event->response_type != 0) return event;
    const auto& error = reinterpret_cast<const xcb_generic_error_t&>(*event);
    connection_->note_refusal(error.error_code, error.major_code, error.minor_code);
  }
}

Result<> Desktop::check() const {
  if (xcb_connection_has_error(server_) == 0) return {};
  return fail(Errc::disconnected, "X display '" + name() + "': the X server has gone");
}

bool Desktop::takes_change(const xcb_generic_event_t& event) const {
  const unsigned type = event.response_type & 0x7Fu;
  if (type == XCB_CONFIGURE_NOTIFY)
    return reinterpret_cast<const xcb_configure_notify_event_t&>(event).window == root();
  return type == randr_event_ + XCB_RANDR_SCREEN_CHANGE_NOTIFY ||
         type == randr_event_ + XCB_RANDR_NOTIFY;
}

Result<Rect> Desktop::area_of(const std::string& monitor) const {
  DKVM_TRY(const Rect all, root_area());
  if (monitor.empty()) return all;
  DKVM_TRY(const Geometry geometry, monitors_.read());
  std::string others;
  for (const auto& each : geometry.monitors) {
    const Rect area = part_within(all, each->x, each->y, each->width, each->height);
    if (each->name == monitor && !is_empty(area)) return area;
    others += (others.empty() ? "" : ", ") + each->name;
  }
  return fail(Errc::not_found, "X display '" + name() + "': there is no monitor '" + monitor +
                                   "', expected one of: " + (others.empty() ? "none" : others));
}

Result<Rect> Desktop::root_area() const {
  const ReplyOf<xcb_get_geometry_reply_t> window(
      xcb_get_geometry_reply(server_, xcb_get_geometry(server_, root()), nullptr));
  DKVM_CHECK(check());
  if (!window || window->width == 0 || window->height == 0)
    return fail(Errc::not_found, "X display '" + name() + "': the screen has no pixels");
  return Rect(0, 0, window->width, window->height);
}

}  // namespace dkvm::x11
