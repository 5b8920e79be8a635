#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/held_input.hpp"
#include "devices/x11/input/keymap.hpp"

#include <dkvm/context.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::x11 {

// Keeps the last key of chords from the desktop's programs, while the input is theirs.
// By a connection of its own: a grab on the root window takes raw events from the
// connection that makes it. The server holds the keyboard still at such a key until it
// is decided whether exactly a chord is down; if not, the key goes where it belongs.
class ChordGrabs {
 public:
  using Codes = std::vector<std::uint16_t>;

  static Result<ChordGrabs> open(const std::string& display);

  // catch_up(): tells pressed() of all that came until now.
  // Life: as that of Connection::carry()
  void carry(Context& context, std::function<void()> catch_up);

  // A key went down at a time of the server, and now that is held. Whoever types fast
  // has let go of it again when it is to be decided.
  void pressed(std::uint16_t code, ::Time time, const HeldInput& held);

  // Watches for these instead of earlier ones. Returns how many of them another
  // program has taken: it gets their last key.
  // Errors: Errc::disconnected
  Result<std::size_t> watch(std::vector<Codes> chords);
  // Ends the hold that a chord's last key has on the keyboard, and waits for that.
  void let_go();

 private:
  static constexpr std::size_t kPressesMax = 32;

  ChordGrabs(std::unique_ptr<Connection> connection, KeymapWatch keymap)
      : connection_(std::move(connection)), keymap_(keymap) {}

  // What X calls a chord in the present layout.
  struct Key {
    unsigned keycode = 0;
    unsigned modifiers = 0;  // AnyModifier where that cannot be told
    bool operator==(const Key&) const = default;
  };
  struct Layout {
    std::vector<Key> keys;
    std::vector<unsigned> locks;  // modifiers that may be on
    bool operator==(const Layout&) const = default;
  };

  struct Press {
    unsigned keycode = 0;
    ::Time time = 0;
    bool complete = false;
  };

  Layout layout() const;
  Result<std::size_t> grab_all();
  Result<bool> grab(const Key& key);
  void decide(const ::XKeyEvent& press);

  std::unique_ptr<Connection> connection_;
  KeymapWatch keymap_;
  std::vector<Codes> chords_;
  Layout grabbed_;
  std::function<void()> catch_up_;
  std::deque<Press> presses_;  // of last keys of chords, the latest kPressesMax
};

}  // namespace dkvm::x11
