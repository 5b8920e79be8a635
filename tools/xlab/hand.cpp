#include "tools/xlab/hand.hpp"

#include <dkvm/time.hpp>

#include <X11/extensions/XTest.h>

#include <array>
#include <utility>

namespace dkvm::xlab {
Result<Hand> Hand::at(const std::string& display) {
  DKVM_TRY(XConnection connection, connect_x(display));
  int event = 0;
  int error = 0;
  int major = 0;
  int minor = 0;
  if (XTestQueryExtension(connection.get(), &event, &error, &major, &minor) == 0)
    return fail(Errc::unsupported, "the X server at " + display + " has no XTEST");
  return Hand(std::move(connection));
}

std::uint64_t Hand::key(std::uint16_t code, bool down) {
  const std::uint64_t time = now_ns();
  XTestFakeKeyEvent(display_.get(), code + kKeycodeOfEvdev, down ? True : False, CurrentTime);
  XFlush(display_.get());
  return time;
}

std::uint64_t Hand::move(int x, int y) {
  const std::uint64_t time = now_ns();
  XTestFakeRelativeMotionEvent(display_.get(), x, y, CurrentTime);
  XFlush(display_.get());
  return time;
}

std::uint64_t Hand::button(unsigned button, bool down) {
  const std::uint64_t time = now_ns();
  XTestFakeButtonEvent(display_.get(), button, down ? True : False, CurrentTime);
  XFlush(display_.get());
  return time;
}

std::uint64_t Hand::move_to(int x, int y) {
  const std::uint64_t time = now_ns();
  XTestFakeMotionEvent(display_.get(), XDefaultScreen(display_.get()), x, y, CurrentTime);
  XFlush(display_.get());
  return time;
}

std::vector<std::uint16_t> Hand::held() {
  std::vector<std::uint16_t> codes;
  std::array<char, 32> keys{};
  XQueryKeymap(display_.get(), keys.data());
  for (unsigned keycode = kKeycodeOfEvdev; keycode < 8 * keys.size(); ++keycode)
    if ((static_cast<unsigned char>(keys[keycode / 8]) >> keycode % 8 & 1) != 0)
      codes.push_back(static_cast<std::uint16_t>(keycode - kKeycodeOfEvdev));
  const unsigned mask = pointer_state(display_.get()).mask;
  constexpr std::array<std::pair<unsigned, std::uint16_t>, 3> kButtons = {
      {{Button1Mask, 0x110}, {Button2Mask, 0x112}, {Button3Mask, 0x111}}};
  for (const auto& [bit, code] : kButtons)
    if ((mask & bit) != 0) codes.push_back(code);
  return codes;
}

}  // namespace dkvm::xlab
