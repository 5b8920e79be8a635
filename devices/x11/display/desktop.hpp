#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/display/replies.hpp"
#include "devices/x11/monitors.hpp"

#include <dkvm/config.hpp>
#include <dkvm/context.hpp>
#include <dkvm/picture.hpp>
#include <dkvm/result.hpp>

#include <xcb/xcb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dkvm::x11 {

inline bool same(const Rect& a, const Rect& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() && a.height() == b.height();
}

// The desktop of an X server, for those who talk with it by XCB: they ask, and take
// answers and events when they are there.
class Desktop {
 public:
  // Errors: those of Connection::open() and Monitors::open(); Errc::not_found when the
  //         screen's pixels are not 4 bytes B G R x: nothing that parks a device, another
  //         server may come by that name.
  static Result<std::unique_ptr<Desktop>> open(const ConfigReader& config);

  ~Desktop();
  Desktop(const Desktop&) = delete;
  Desktop& operator=(const Desktop&) = delete;

  const std::string& name() const { return connection_->name(); }
  xcb_connection_t* server() const { return server_; }
  const xcb_screen_t& screen() const { return *screen_; }
  xcb_window_t root() const { return screen_->root; }

  // Errors: Errc::not_found when the server lacks it.
  Result<Connection::Extension> extension(const char* name) const {
    return connection_->extension(name);
  }

  // Calls back at the end of each turn: there may be events and answers.
  Result<> carry(Context& context, std::function<void()> pump);
  // The next event that is there, or null.
  ReplyOf<xcb_generic_event_t> next_event();
  // What the server has refused since the last call, in words: the last of it.
  std::optional<std::string> take_refusal() { return std::exchange(refusal_, std::nullopt); }
  std::string words_of(const xcb_generic_error_t& error) const {
    return connection_->refusal_words(error.error_code, error.major_code, error.minor_code);
  }
  // Errors: Errc::disconnected when the server is gone.
  Result<> check() const;

  // True for an event that tells that areas may have changed.
  bool takes_change(const xcb_generic_event_t& event) const;
  // Of a monitor in the root window, as it is now; without a name of all of the root window.
  // Errors: Errc::not_found with the monitors that there are, Errc::disconnected.
  Result<Rect> area_of(const std::string& monitor) const;

 private:
  Desktop(std::unique_ptr<Connection> connection, Monitors monitors, int randr_event);

  Result<> expect_true_colour() const;
  Result<Rect> root_area() const;

  std::unique_ptr<Connection> connection_;
  Monitors monitors_;
  xcb_connection_t* server_;
  const xcb_screen_t* screen_;
  unsigned randr_event_;
  std::optional<std::string> refusal_;
};

}  // namespace dkvm::x11
