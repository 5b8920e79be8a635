#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/injected_motion.hpp"
#include "devices/x11/input/push_news.hpp"
#include "devices/x11/monitors.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dkvm::x11 {

// Sees the pointer push against stretches of a desktop's border, by pointer barriers.
// Devices that place the pointer instead of moving it run into no barrier: for them
// being on the border's pixel is a push.
class Border {
 public:
  // Errors: Errc::not_found without XFixes 5, Errc::disconnected.
  static Result<Border> open(Connection& connection);

  struct Stretch {
    wire::Side side;
    std::uint32_t from;
    std::uint32_t to;  // from .. to - 1
  };
  // Watches these stretches of the border of `desktop` instead of earlier ones.
  void watch(std::vector<Stretch> stretches, const Bounds& desktop);

  // Its edge is an index in the stretches.
  using Push = PushNews::Push;
  // The pointer ran into a barrier, at x, y, or has left it. Nothing for a foreign one
  // and for what was told just now.
  std::optional<Push> hit(::XID barrier, Point at, std::uint64_t now_ns);
  std::optional<Push> left(::XID barrier);
  // The pointer was placed there.
  std::optional<Push> placed(Point at, std::uint64_t now_ns);
  // The next push is news, wherever it is.
  void forget() { news_.forget(); }

 private:
  explicit Border(Connection& connection) : connection_(&connection) {}

  bool touches(const Stretch& stretch, Point at) const;
  ::XID barrier(const Stretch& stretch) const;

  Connection* connection_;
  std::vector<Stretch> stretches_;
  std::vector<::XID> barriers_;  // of each stretch
  Bounds desktop_;
  PushNews news_;
};

}  // namespace dkvm::x11
