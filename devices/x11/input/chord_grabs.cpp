#include "devices/x11/input/chord_grabs.hpp"

#include "devices/x11/input/codes.hpp"

#include <X11/keysym.h>

#include <algorithm>
#include <span>
#include <utility>

namespace dkvm::x11 {
namespace {

// AnyModifier where a key of the chord, but for the last, is none.
unsigned modifiers_of(const Keymap& keymap, std::span<const std::uint16_t> others) {
  unsigned all = 0;
  for (const std::uint16_t code : others) {
    const auto keycode = keycode_of(code);
    const unsigned one = keycode ? keymap.of_key(*keycode) : 0;
    if (one == 0) return AnyModifier;
    all |= one;
  }
  return all;
}

}  // namespace

Result<ChordGrabs> ChordGrabs::open(const std::string& display) {
  DKVM_TRY(auto connection, Connection::open(display));
  DKVM_TRY(const auto keymap, KeymapWatch::open(*connection));
  return ChordGrabs(std::move(connection), keymap);
}

void ChordGrabs::carry(Context& context, std::function<void()> catch_up) {
  catch_up_ = std::move(catch_up);
  connection_->carry(context, [this](::XEvent& event) {
    if (event.type == KeyPress) decide(event.xkey);
    if (!keymap_.takes(event) || layout() == grabbed_) return;
    // What another program has taken was said before.
    [[maybe_unused]] const auto taken = grab_all();
  });
}

Result<std::size_t> ChordGrabs::watch(std::vector<Codes> chords) {
  chords_ = std::move(chords);
  return grab_all();
}

ChordGrabs::Layout ChordGrabs::layout() const {
  const Keymap keymap(*connection_);
  Layout layout{{}, {LockMask, keymap.of_symbol(XK_Num_Lock), keymap.of_symbol(XK_Scroll_Lock)}};
  for (const Codes& chord : chords_) {
    const auto keycode = chord.empty() ? std::nullopt : keycode_of(chord.back());
    if (!keycode) continue;  // no such key, nobody gets it
    const auto others = std::span(chord).first(chord.size() - 1);
    layout.keys.push_back({*keycode, modifiers_of(keymap, others)});
  }
  return layout;
}

Result<std::size_t> ChordGrabs::grab_all() {
  ::XUngrabKey(connection_->get(), AnyKey, AnyModifier, connection_->root());
  grabbed_ = layout();
  std::size_t taken = 0;
  for (const Key& key : grabbed_.keys) {
    DKVM_TRY(const bool ours, grab(key));
    if (!ours) ++taken;
  }
  return taken;
}

Result<bool> ChordGrabs::grab(const Key& key) {
  const unsigned locks = static_cast<unsigned>(grabbed_.locks.size());
  const auto done = connection_->checked("watching for a chord", [&] {
    const unsigned ways = key.modifiers == AnyModifier ? 1 : 1U << locks;
    for (unsigned way = 0; way < ways; ++way) {  // whichever locks are on
      unsigned with = key.modifiers;
      for (unsigned i = 0; i < locks; ++i)
        if ((way >> i & 1U) != 0) with |= grabbed_.locks[i];
      ::XGrabKey(connection_->get(), static_cast<int>(key.keycode), with, connection_->root(),
                 False, GrabModeAsync, GrabModeSync);
    }
  });
  if (!done && done.error().code() == Errc::disconnected) return fail(done.error());
  return done.has_value();
}

void ChordGrabs::pressed(std::uint16_t code, ::Time time, const HeldInput& held) {
  bool ends_one = false, complete = false;
  for (const Codes& chord : chords_) {
    if (chord.empty() || chord.back() != code) continue;
    ends_one = true;
    complete = complete || held.is(chord);
  }
  const auto keycode = keycode_of(code);
  if (!ends_one || !keycode) return;
  if (presses_.size() == kPressesMax) presses_.pop_front();
  presses_.push_back({*keycode, time, complete});
}

void ChordGrabs::decide(const ::XKeyEvent& press) {
  catch_up_();
  const bool ours = std::any_of(presses_.begin(), presses_.end(), [&](const Press& each) {
    return each.complete && each.keycode == press.keycode && each.time == press.time;
  });
  ::XAllowEvents(connection_->get(), ours ? AsyncKeyboard : ReplayKeyboard, press.time);
  ::XFlush(connection_->get());
}

void ChordGrabs::let_go() {
  ::XUngrabKeyboard(connection_->get(), CurrentTime);
  ::XSync(connection_->get(), False);
}

}  // namespace dkvm::x11
