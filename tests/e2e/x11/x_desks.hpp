#pragma once

#include "tests/e2e/linked_desks.hpp"
#include "tests/support/networks.hpp"
#include "tests/support/xvfb.hpp"
#include "tools/xlab/eye.hpp"
#include "tools/xlab/hand.hpp"
#include "tools/xlab/window.hpp"

#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace dkvm::test {

inline constexpr std::uint16_t kHomeKey = 87;  // KEY_F11: gives the input back
inline constexpr std::uint16_t kOverKey = 88;  // KEY_F12: goes to the laptop

// YAML of the two ends, for kernels `desk` and `laptop` whose screens these are.
std::string near_devices(const std::string& display);
std::string near_switches();
std::string far_devices(const std::string& display);
std::string far_pipelines();

// A screen with somebody at it.
struct Seat {
  Xvfb screen{"1280x720x24"};
  xlab::Hand hand = must(xlab::Hand::at(screen.display()));

  // Its server is there again, after screen.kill().
  void begin_anew() {
    screen.start();
    hand = must(xlab::Hand::at(screen.display()));
  }
};

// Two screens: what is typed and moved at `near` goes to `far` when F12 was pressed, and
// stays at home after F11.
class Seats {
 public:
  // logs: of the kernels, for what fails.
  explicit Seats(std::function<std::string()> logs) : logs_(std::move(logs)) {}

  // Who has the input, as the near side's kernel says; empty while it does not.
  static std::string input_is_at(Desk& kernel);
  // Returns once keys arrive at the far screen, or at home.
  void go_over();
  void go_home();

  // Taps a key at `near`; where it came: `near` (a window there), `far`, or nothing.
  std::string where_a_key_goes();
  // The same, when the far server may not answer: whether it came to the window at `near`.
  bool types_at_home();

  Seat near;
  Seat far;

 private:
  std::function<std::string()> logs_;
};

// Ends after the seats do: what a desk leaves behind it takes for its own, X servers too.
struct DesksOfSeats {
  LinkedDesks desks;
};

// Two seats with a kernel at each, linked over loopback: `desk` and `laptop`.
class XDesks : public DesksOfSeats, public Seats {
 public:
  XDesks() : Seats([this] { return logs(); }) {}
  // Returns once both run and the link is up. near_more: more of the near side's YAML.
  void start(const std::string& near_more = "");
  // Waits until the devices of both seats run, and the link is up.
  void wait_all();
  std::string input_is_at() { return Seats::input_is_at(desks["desk"]); }
  std::string logs() { return desks["desk"].log().append("\n").append(desks["laptop"].log()); }
};

// Fingers at a hand: presses and releases by chance, and knows what is down.
class Fingers {
 public:
  explicit Fingers(xlab::Hand& hand, std::uint32_t seed) : hand_(hand), random_(seed) {}

  // One key or button goes down or up.
  void move();
  void let_go();
  // Nothing is down: the screen is another now.
  void forget() { down_.clear(); }
  const std::set<std::uint16_t>& down() const { return down_; }
  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }

 private:
  void set(std::uint16_t code, bool down);

  xlab::Hand& hand_;
  std::mt19937 random_;
  std::set<std::uint16_t> down_;
};

}  // namespace dkvm::test
