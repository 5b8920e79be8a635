#include "devices/x11/input/chord_grabs.hpp"

#include "devices/x11/input/codes.hpp"

#include <X11/XKBlib.h>
#include <X11/keysym.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace dkvm::x11 {
namespace {

struct FreeModifiers {
  void operator()(::XModifierKeymap* map) const { ::XFreeModifiermap(map); }
};

// The modifier that a key makes, 0 for none.
unsigned modifier_of(const ::XModifierKeymap& map, unsigned keycode) {
  for (int modifier = 0; modifier < 8; ++modifier)
    for (int i = 0; i < map.max_keypermod; ++i)
      if (map.modifiermap[modifier * map.max_keypermod + i] == keycode) return 1U << modifier;
  return 0;
}

// AnyModifier where a key of the chord, but for the last, is none.
unsigned modifiers_of(::Display* display, std::span<const std::uint16_t> others) {
  const std::unique_ptr<::XModifierKeymap, FreeModifiers> map(::XGetModifierMapping(display));
  unsigned all = 0;
  for (const std::uint16_t code : others) {
    const auto keycode = keycode_of(code);
    const unsigned one = map && keycode ? modifier_of(*map, *keycode) : 0;
    if (one == 0) return AnyModifier;
    all |= one;
  }
  return all;
}

}  // namespace

Result<ChordGrabs> ChordGrabs::open(const std::string& display) {
  DKVM_TRY(auto connection, Connection::open(display));
  return ChordGrabs(std::move(connection));
}

void ChordGrabs::carry(Context& context, std::function<const HeldInput&()> held) {
  held_ = std::move(held);
  connection_->carry(context, [this](::XEvent& event) {
    if (event.type == KeyPress) decide(event.xkey);
    if (event.type != MappingNotify) return;
    ::XRefreshKeyboardMapping(&event.xmapping);
    if (event.xmapping.request == MappingModifier) {
      // What another program has taken was said before.
      [[maybe_unused]] const auto taken = grab_all();
    }
  });
}

Result<std::size_t> ChordGrabs::watch(std::vector<Codes> chords) {
  chords_ = std::move(chords);
  return grab_all();
}

Result<std::size_t> ChordGrabs::grab_all() {
  ::XUngrabKey(connection_->get(), AnyKey, AnyModifier, connection_->root());
  std::size_t taken = 0;
  for (const Codes& chord : chords_) {
    DKVM_TRY(const bool ours, grab(chord));
    if (!ours) ++taken;
  }
  return taken;
}

Result<bool> ChordGrabs::grab(const Codes& chord) {
  const auto keycode = chord.empty() ? std::nullopt : keycode_of(chord.back());
  if (!keycode) return true;  // no such key, nobody gets it
  ::Display* display = connection_->get();
  const unsigned modifiers = modifiers_of(display, std::span(chord).first(chord.size() - 1));
  const std::array<unsigned, 3> locks = {LockMask, ::XkbKeysymToModifiers(display, XK_Num_Lock),
                                         ::XkbKeysymToModifiers(display, XK_Scroll_Lock)};
  const auto done = connection_->checked("watching for a chord", [&] {
    const unsigned ways = modifiers == AnyModifier ? 1 : 8;
    for (unsigned way = 0; way < ways; ++way) {  // whichever locks are on
      unsigned with = modifiers;
      for (unsigned i = 0; i < locks.size(); ++i)
        if ((way >> i & 1U) != 0) with |= locks[i];
      ::XGrabKey(display, static_cast<int>(*keycode), with, connection_->root(), False,
                 GrabModeAsync, GrabModeSync);
    }
  });
  if (!done && done.error().code() == Errc::disconnected) return fail(done.error());
  return done.has_value();
}

void ChordGrabs::decide(const ::XKeyEvent& press) {
  const HeldInput& held = held_();
  const bool ours = std::any_of(chords_.begin(), chords_.end(), [&](const Codes& chord) {
    return !chord.empty() && keycode_of(chord.back()) == press.keycode && held.is(chord);
  });
  ::XAllowEvents(connection_->get(), ours ? AsyncKeyboard : ReplayKeyboard, press.time);
  ::XFlush(connection_->get());
}

void ChordGrabs::let_go() {
  ::XUngrabKeyboard(connection_->get(), CurrentTime);
  ::XSync(connection_->get(), False);
}

}  // namespace dkvm::x11
