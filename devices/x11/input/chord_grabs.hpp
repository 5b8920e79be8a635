#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/held_input.hpp"
#include "devices/x11/input/keymap.hpp"

#include <dkvm/context.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
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

  // held(): what is down, up to the key that has just been pressed.
  // Life: as that of Connection::carry()
  void carry(Context& context, std::function<const HeldInput&()> held);

  // Watches for these instead of earlier ones. Returns how many of them another
  // program has taken: it gets their last key.
  // Errors: Errc::disconnected
  Result<std::size_t> watch(std::vector<Codes> chords);
  // Ends the hold that a chord's last key has on the keyboard, and waits for that.
  void let_go();

 private:
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

  Layout layout() const;
  Result<std::size_t> grab_all();
  Result<bool> grab(const Key& key);
  void decide(const ::XKeyEvent& press);

  std::unique_ptr<Connection> connection_;
  KeymapWatch keymap_;
  std::vector<Codes> chords_;
  Layout grabbed_;
  std::function<const HeldInput&()> held_;
};

}  // namespace dkvm::x11
