#include "devices/x11/input/home_locks.hpp"

#include <X11/Xatom.h>

namespace dkvm::x11 {
namespace {

// The property is two numbers of 32 bits: the locks at home, and those away. Who owns the
// selection of the same name lives, and has them: the server sees to that.
constexpr long kNumbers = 2;
constexpr unsigned long kCaps = 1, kNum = 2, kScroll = 4;

unsigned long packed(const LockState& locks) {
  return (locks.caps_lock ? kCaps : 0) | (locks.num_lock ? kNum : 0) |
         (locks.scroll_lock ? kScroll : 0);
}

LockState unpacked(unsigned long bits) {
  LockState locks;
  locks.caps_lock = (bits & kCaps) != 0;
  locks.num_lock = (bits & kNum) != 0;
  locks.scroll_lock = (bits & kScroll) != 0;
  return locks;
}

}  // namespace

Result<HomeLocks> HomeLocks::open(Connection& connection) {
  const ::Window window = ::XCreateWindow(connection.get(), connection.root(), 0, 0, 1, 1, 0,
                                          CopyFromParent, InputOnly, nullptr, 0, nullptr);
  const ::Atom property = ::XInternAtom(connection.get(), "_DKVM_HOME_LOCKS", False);
  DKVM_CHECK(connection.check());
  return HomeLocks(connection, window, property);
}

void HomeLocks::keep(const LockState& home, const LockState& away) const {
  const unsigned long numbers[kNumbers] = {packed(home), packed(away)};
  ::XChangeProperty(connection_->get(), connection_->root(), property_, XA_CARDINAL, 32,
                    PropModeReplace, reinterpret_cast<const unsigned char*>(numbers), kNumbers);
  ::XSetSelectionOwner(connection_->get(), property_, window_, CurrentTime);
}

void HomeLocks::forget() const {
  ::XDeleteProperty(connection_->get(), connection_->root(), property_);
  ::XSetSelectionOwner(connection_->get(), property_, None, CurrentTime);
}

std::optional<LockState> HomeLocks::take_left_behind(const LockState& now) const {
  ::Atom type = 0;
  int format = 0;
  unsigned long items = 0, left = 0;
  unsigned char* data = nullptr;
  ::XGetWindowProperty(connection_->get(), connection_->root(), property_, 0, kNumbers, False,
                       XA_CARDINAL, &type, &format, &items, &left, &data);
  const XOwned<unsigned char> owned(data);
  if (data == nullptr || type != XA_CARDINAL || format != 32 || items != kNumbers)
    return std::nullopt;
  const auto* numbers = reinterpret_cast<const unsigned long*>(data);
  if (::XGetSelectionOwner(connection_->get(), property_) != None) return std::nullopt;
  ::XDeleteProperty(connection_->get(), connection_->root(), property_);
  if (packed(now) != numbers[1]) return std::nullopt;  // somebody has set them since
  return unpacked(numbers[0]);
}

}  // namespace dkvm::x11
