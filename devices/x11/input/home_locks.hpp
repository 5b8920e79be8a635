#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/locks.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

#include <optional>

namespace dkvm::x11 {

// The desktop's own locks while they are the target's, where a later life of this process
// finds them: in a property of the root window.
class HomeLocks {
 public:
  // Errors: Errc::disconnected
  static Result<HomeLocks> open(Connection& connection);

  // From now on the desktop's locks are `away`, and were `home`.
  void keep(const LockState& home, const LockState& away) const;
  void forget() const;

  // What one that died in the meantime did not set back: the locks are as it had set them.
  // Nothing while one that lives has them.
  std::optional<LockState> take_left_behind(const LockState& now) const;

 private:
  HomeLocks(Connection& connection, ::Window window, ::Atom property)
      : connection_(&connection), window_(window), property_(property) {}

  Connection* connection_;
  ::Window window_;  // owns the selection
  ::Atom property_;  // and the selection
};

}  // namespace dkvm::x11
