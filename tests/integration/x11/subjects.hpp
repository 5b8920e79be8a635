#pragma once

#include "tests/e2e/eventually.hpp"
#include "tests/support/fake_kernel.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/xvfb.hpp"

#include <dkvm/events.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// The input devices of X11, each with the kernel's end of its stream.
namespace dkvm::test {

inline constexpr std::uint16_t kKeyboard = 1;  // ports of the source
inline constexpr std::uint16_t kMouse = 2;
inline constexpr std::uint16_t kInput = 1;  // port of the sink

inline constexpr std::uint32_t kLongLeaseMs = 600'000;

inline FakeKernel::Environment on(const Xvfb& server, FakeKernel::Environment more = {}) {
  more["DKVM_CONFIG_DISPLAY"] = server.display();
  return more;
}

// Runs a program of the shell on the desktop.
inline void run_on(const Xvfb& server, const std::string& command) {
  const auto done = run_program("DISPLAY=" + server.display() + "; export DISPLAY; " + command);
  INFO(command << ": " << done.output);
  REQUIRE(done.status == 0);
}

// Smaller than the desktop was at first.
inline void resize(const Xvfb& server, int width, int height) {
  const auto size = std::to_string(width) + "x" + std::to_string(height);
  const auto w = std::to_string(width), h = std::to_string(height);
  run_on(server, "xrandr --newmode " + size + " 30 " + w + " " + w + " " + w + " " + w + " " + h +
                     " " + h + " " + h + " " + h + " && xrandr --addmode screen " + size +
                     " && xrandr --output screen --mode " + size);
}

class Source : public FakeKernel {
 public:
  explicit Source(const Xvfb& server, const Environment& more = {})
      : FakeKernel({DKVM_BIN_DIR "/dkvm-x11-input-source"}, on(server, more)) {
    greet();
    geometry = wait_event<Geometry>();
    wait_event<InputState>();
  }

  // What fingers did next, as `+30`, `-30`, `motion 3,-4`, `scroll 0,120`.
  std::string next_stroke() {
    for (;;) {
      const Received frame = wait(wire::FrameKind::event);
      if (auto text = stroke(frame); !text.empty()) return text;
    }
  }
  std::vector<std::string> strokes(std::size_t count) {
    std::vector<std::string> all;
    while (all.size() < count) all.push_back(next_stroke());
    return all;
  }

  // Asks for the input, or another thing; returns the answer.
  Grabbed ask(wire::GrabAction action, std::uint32_t epoch, std::uint32_t lease_ms = kLongLeaseMs) {
    Grab grab;
    grab.action = action;
    grab.epoch = epoch;
    grab.lease_ms = lease_ms;
    upstream(kKeyboard, grab);
    return wait_event<Grabbed>();
  }
  void release(std::uint32_t epoch) {
    Grab grab;
    grab.action = wire::GrabAction::release;
    grab.epoch = epoch;
    upstream(kKeyboard, grab);
  }
  Grabbed prepare(std::vector<std::vector<std::uint16_t>> chords, std::vector<wire::EdgeT> edges,
                  std::uint32_t epoch = 1) {
    Grab grab;
    grab.action = wire::GrabAction::prepare;
    grab.epoch = epoch;
    for (auto& codes : chords) {
      grab.chords.push_back(std::make_unique<wire::ChordT>());
      grab.chords.back()->codes = std::move(codes);
    }
    for (const auto& edge : edges) grab.edges.push_back(std::make_unique<wire::EdgeT>(edge));
    upstream(kKeyboard, grab);
    return wait_event<Grabbed>();
  }

  Geometry geometry;

 private:
  static std::string number(double value) { return std::to_string(static_cast<int>(value)); }
  static std::string stroke(const Received& frame) {
    if (frame.is(wire::Topic::key)) {
      const auto key = frame.as<Key>();
      return (key.down ? "+" : "-") + std::to_string(key.code);
    }
    if (frame.is(wire::Topic::pointer_button)) {
      const auto button = frame.as<PointerButton>();
      return (button.down ? "+" : "-") + std::to_string(button.code);
    }
    if (frame.is(wire::Topic::pointer_motion)) {
      const auto motion = frame.as<PointerMotion>();
      return (motion.absolute ? "position " : "motion ") + number(motion.x) + "," +
             number(motion.y);
    }
    if (frame.is(wire::Topic::pointer_scroll)) {
      const auto scroll = frame.as<PointerScroll>();
      return "scroll " + std::to_string(scroll.x) + "," + std::to_string(scroll.y);
    }
    return {};
  }
};

class Sink : public FakeKernel {
 public:
  explicit Sink(const Xvfb& server, wire::WelcomeT welcome = patient())
      : FakeKernel({DKVM_BIN_DIR "/dkvm-x11-input-sink"}, on(server)) {
    greet(std::move(welcome));
    geometry = wait_upstream<Geometry>();
    locks = wait_upstream<LockState>();
  }

  // Sends it, and waits until it is applied.
  template <class Event>
  void play(const Event& value) {
    event(kInput, value);
    wait_applied(kInput);
  }

  template <class Message>
  Message wait_upstream() {
    for (;;) {
      const Received frame = wait(wire::FrameKind::upstream);
      if (frame.is(topic_of<Message>)) return frame.as<Message>();
    }
  }

  // Waits until it has told that its desktop is so large.
  void wait_geometry(std::uint32_t width, std::uint32_t height) {
    for (;;) {
      const auto told = wait_upstream<Geometry>();
      if (told.monitors.size() == 1 && told.monitors[0]->width == width &&
          told.monitors[0]->height == height)
        return;
    }
  }

  // A kernel that may be silent.
  static wire::WelcomeT patient() {
    auto welcome = default_welcome();
    welcome.silence_ms = 60'000;
    return welcome;
  }

  Geometry geometry;
  LockState locks;
};

}  // namespace dkvm::test
