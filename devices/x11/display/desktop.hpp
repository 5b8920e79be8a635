#pragma once

#include "devices/x11/display/replies.hpp"

#include <dkvm/config.hpp>
#include <dkvm/device.hpp>
#include <dkvm/picture.hpp>
#include <dkvm/result.hpp>

#include <xcb/xcb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::x11 {

inline bool same(const Rect& a, const Rect& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() && a.height() == b.height();
}

// A connection to an X server, and how its monitors lie. By xcb: answers are taken
// when they are there, and the end of the server is an error and no exit().
class Desktop {
 public:
  static void declare(Device& device);

  // Shape:  `display:` of the configuration, else DISPLAY of the environment
  // Errors: Errc::invalid for what is no name of a display, Errc::not_found without
  //         any, Errc::disconnected when nobody answers there or lets us in.
  static Result<std::unique_ptr<Desktop>> open(const ConfigReader& config);

  ~Desktop() { xcb_disconnect(connection_); }
  Desktop(const Desktop&) = delete;
  Desktop& operator=(const Desktop&) = delete;

  const std::string& name() const { return name_; }
  xcb_connection_t* connection() const { return connection_; }
  int fd() const { return xcb_get_file_descriptor(connection_); }
  const xcb_screen_t& screen() const { return *screen_; }
  xcb_window_t root() const { return screen_->root; }

  // Errors: Errc::not_found when pixels of the screen are not 4 bytes B G R x: not what
  //         parks a device, another server may come by that name.
  Result<> expect_true_colour() const;

  // The next event that is there, or null. Errors that nobody waits for are events too.
  ReplyOf<xcb_generic_event_t> next_event() {
    return ReplyOf<xcb_generic_event_t>(xcb_poll_for_event(connection_));
  }
  // Errors: Errc::disconnected when the server is gone.
  Result<> check() const;

  // True for an event that tells that areas may have changed.
  bool takes_change(const xcb_generic_event_t& event) const;
  // Of a monitor in the root window, as it is now; without a name of all of the root window.
  // Errors: Errc::not_found with the monitors that there are, Errc::disconnected.
  Result<Rect> area_of(const std::string& monitor) const;

 private:
  struct Monitor {
    std::string name;
    Rect area;
  };

  Desktop(xcb_connection_t* connection, std::string name, xcb_screen_t* screen)
      : connection_(connection), name_(std::move(name)), screen_(screen) {}

  void watch_changes();
  Result<Rect> root_area() const;
  std::vector<Monitor> monitors() const;
  std::string atom_name(xcb_atom_t atom) const;

  xcb_connection_t* connection_;
  std::string name_;
  xcb_screen_t* screen_;
  bool has_monitors_ = false;
  std::uint8_t randr_event_ = 0;
};

}  // namespace dkvm::x11
