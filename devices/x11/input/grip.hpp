#pragma once

#include "devices/x11/connection.hpp"

#include <dkvm/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace dkvm::x11 {

struct Pixel {
  int x = 0;
  int y = 0;
};

// Keyboard and pointer of a desktop taken away from its programs. The grabs are on a
// window of our own: one on the root window, by a connection that has selected raw
// events, would keep those from it. The pointer stays where it is, and is not seen: it
// is confined to that window, of one pixel. The server ends a grab with its connection.
class Grip {
 public:
  static Result<Grip> open(Connection& connection);

  // until(request) is called in between, with the number of the request that took the
  // keyboard: what came before it was the desktop's.
  // Errors: Errc::denied with who has it, as far as X tells; Errc::disconnected.
  Result<> take(const std::function<void(unsigned long request)>& until);
  // The pointer goes to `to` first.
  void give_back(std::optional<Pixel> to = {});
  bool held() const { return held_; }

  // Tells the program that has the keyboard's focus that these keys are up: it saw
  // them go down and will not see the end of it. To be called once taken.
  void lift_at_home(std::span<const std::uint16_t> codes);

 private:
  Grip(Connection& connection, ::Window window, ::Cursor blank)
      : connection_(&connection), window_(window), blank_(blank) {}

  ::Window window_with_focus() const;
  int grab_pointer(::Window confine);

  Connection* connection_;
  ::Window window_;
  ::Cursor blank_;
  bool held_ = false;
};

}  // namespace dkvm::x11
