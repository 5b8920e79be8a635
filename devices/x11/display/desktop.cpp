#include "devices/x11/display/desktop.hpp"

#include "devices/x11/display/owed.hpp"

#include <xcb/randr.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace dkvm::x11 {
namespace {

xcb_screen_t* screen_of(xcb_connection_t* connection, int number) {
  auto screens = xcb_setup_roots_iterator(xcb_get_setup(connection));
  for (; screens.rem > 1 && number > 0; --number) xcb_screen_next(&screens);
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

void Desktop::declare(Device& device) {
  device.option(
      {.name = "display",
       .help = "the X server, such as :0; without it as DISPLAY of the environment says"});
}

Result<std::unique_ptr<Desktop>> Desktop::open(const ConfigReader& config) {
  std::string name = config.find("display").value_or("");
  if (const char* const variable = std::getenv("DISPLAY"); name.empty() && variable != nullptr)
    name = variable;
  if (name.empty())
    return fail(Errc::not_found,
                "no X server is named, expected the config key 'display' or DISPLAY in the "
                "environment");
  int number = 0;
  xcb_connection_t* const connection = xcb_connect(name.c_str(), &number);
  const int failed = xcb_connection_has_error(connection);
  if (failed != 0) {
    xcb_disconnect(connection);
    if (failed == XCB_CONN_CLOSED_PARSE_ERR)
      return fail(Errc::invalid, "'" + name + "' is not the name of an X server such as :0");
    if (failed == XCB_CONN_CLOSED_INVALID_SCREEN)
      return fail(Errc::not_found, "X server '" + name + "' has no screen of that number");
    return fail(Errc::disconnected, "X server '" + name +
                                        "' cannot be reached, expected one that runs and lets us "
                                        "in");
  }
  std::unique_ptr<Desktop> desktop(
      new Desktop(connection, std::move(name), screen_of(connection, number)));
  desktop->watch_changes();
  return desktop;
}

Result<> Desktop::expect_true_colour() const {
  const xcb_setup_t* const setup = xcb_get_setup(connection_);
  const xcb_visualtype_t* const visual = visual_of(screen_);
  if (bits_per_pixel(setup, screen_->root_depth) == 32 && visual != nullptr &&
      setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST && visual->red_mask == 0xFF0000 &&
      visual->green_mask == 0xFF00 && visual->blue_mask == 0xFF)
    return {};
  return fail(Errc::not_found, "the screen of X server '" + name_ + "' has depth " +
                                   std::to_string(screen_->root_depth) +
                                   ", expected 24 or 32 with 8 bits for each colour");
}

Result<> Desktop::check() const {
  if (xcb_connection_has_error(connection_) == 0) return {};
  return fail(Errc::disconnected, "X server '" + name_ + "' is gone");
}

void Desktop::watch_changes() {
  const std::uint32_t events = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
  xcb_change_window_attributes(connection_, root(), XCB_CW_EVENT_MASK, &events);
  const auto* const extension = xcb_get_extension_data(connection_, &xcb_randr_id);
  if (extension == nullptr || !extension->present) return;
  const ReplyOf<xcb_randr_query_version_reply_t> version(xcb_randr_query_version_reply(
      connection_, xcb_randr_query_version(connection_, 1, 5), nullptr));
  if (!version) return;
  has_monitors_ = version->major_version > 1 || version->minor_version >= 5;
  randr_event_ = extension->first_event;
  xcb_randr_select_input(connection_, root(),
                         XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE | XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
                             XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
}

bool Desktop::takes_change(const xcb_generic_event_t& event) const {
  const unsigned type = event.response_type & 0x7Fu;
  if (type == XCB_CONFIGURE_NOTIFY)
    return reinterpret_cast<const xcb_configure_notify_event_t&>(event).window == root();
  return randr_event_ != 0 && (type == randr_event_ + unsigned{XCB_RANDR_SCREEN_CHANGE_NOTIFY} ||
                               type == randr_event_ + unsigned{XCB_RANDR_NOTIFY});
}

Result<Rect> Desktop::area_of(const std::string& monitor) const {
  if (monitor.empty()) return root_area();
  std::string others;
  for (const Monitor& each : monitors()) {
    if (each.name == monitor && !is_empty(each.area)) return each.area;
    others += (others.empty() ? "" : ", ") + each.name + (is_empty(each.area) ? " (off)" : "");
  }
  DKVM_CHECK(check());
  return fail(Errc::not_found, "X server '" + name_ + "' shows nothing on a monitor '" + monitor +
                                   "', expected one of: " + (others.empty() ? "none" : others));
}

Result<Rect> Desktop::root_area() const {
  const ReplyOf<xcb_get_geometry_reply_t> root_window(
      xcb_get_geometry_reply(connection_, xcb_get_geometry(connection_, root()), nullptr));
  if (!root_window) return fail(Errc::disconnected, "X server '" + name_ + "' is gone");
  return Rect(0, 0, root_window->width, root_window->height);
}

std::vector<Desktop::Monitor> Desktop::monitors() const {
  std::vector<Monitor> monitors;
  if (!has_monitors_) return monitors;
  const ReplyOf<xcb_randr_get_monitors_reply_t> reply(xcb_randr_get_monitors_reply(
      connection_, xcb_randr_get_monitors(connection_, root(), 1), nullptr));
  const auto all = root_area();
  if (!reply || !all) return monitors;
  for (auto each = xcb_randr_get_monitors_monitors_iterator(reply.get());
       each.rem != 0 && monitors.size() < kMonitorsMax; xcb_randr_monitor_info_next(&each)) {
    const xcb_randr_monitor_info_t& info = *each.data;
    monitors.push_back(
        {atom_name(info.name), part_within(*all, info.x, info.y, info.width, info.height)});
  }
  return monitors;
}

std::string Desktop::atom_name(xcb_atom_t atom) const {
  const ReplyOf<xcb_get_atom_name_reply_t> reply(
      xcb_get_atom_name_reply(connection_, xcb_get_atom_name(connection_, atom), nullptr));
  if (!reply) return {};
  return {xcb_get_atom_name_name(reply.get()),
          static_cast<std::size_t>(xcb_get_atom_name_name_length(reply.get()))};
}

}  // namespace dkvm::x11
