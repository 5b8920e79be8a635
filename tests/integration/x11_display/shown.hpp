#pragma once

#include "devices/media/canvas.hpp"
#include "tests/support/device_keys.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/x11_screen.hpp"
#include "tests/support/xvfb.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

// The display source as a process, on a screen of 320x200 pixels unless said otherwise.
namespace dkvm::test {

using Pixels = X11Screen::Pixels;

inline constexpr std::uint16_t kPort = 1;
inline constexpr std::uint32_t kSlots = 3;
inline constexpr std::uint32_t kWidth = 320;
inline constexpr std::uint32_t kHeight = 200;
inline constexpr std::size_t kSlotBytes = 256 * 256 * 4;  // a pointer's shape is the larger one
inline const std::string kSource = DKVM_BIN_DIR "/dkvm-x11-display-source";

inline bool same(const Rect& a, const Rect& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() && a.height() == b.height();
}

// A source that shows an X server's screen, and one who composes what it sends.
class Shown {
 public:
  explicit Shown(const Xvfb& server, const std::map<std::string, std::string>& config = {},
                 std::size_t slot_bytes = kSlotBytes)
      : kernel_({kSource}, keys(config, {{"DKVM_CONFIG_DISPLAY", server.display()}})) {
    kernel_.greet();
    open_pool(slot_bytes);
  }

  FakeKernel& kernel() { return kernel_; }
  FakePool& pool() { return *pools_.back(); }
  const media::Canvas& canvas() const { return canvas_; }

  void open_pool(std::size_t slot_bytes) {
    const auto number = static_cast<std::uint32_t>(pools_.size() + 7);
    pools_.push_back(std::make_unique<FakePool>(kernel_, kPort, kSlots, slot_bytes, number));
    pools_.back()->grant_pool();
  }
  void grant_all() {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) pool().grant(slot);
  }

  // The next picture; its slot is granted again, unless it is kept.
  DisplayFrame next(bool kept = false) {
    for (;;) {
      const Received event = kernel_.wait(wire::FrameKind::event);
      if (event.is(wire::Topic::display_frame)) return take(event, kept);
      if (!event.buffers.empty()) pool().grant(pool().bytes_of(event).second);
    }
  }

  // Every picture until a ping sent now is answered: it was sent after all that
  // the source had to say before.
  std::vector<DisplayFrame> until_pong() {
    kernel_.send({.kind = wire::FrameKind::ping, .sequence = ++ping_});
    std::vector<DisplayFrame> frames;
    for (auto frame = kernel_.next(); frame; frame = kernel_.next()) {
      if (frame->kind() == wire::FrameKind::pong && frame->header.sequence() == ping_) break;
      if (frame->is(wire::Topic::display_frame) && frame->kind() == wire::FrameKind::event)
        frames.push_back(take(*frame, false));
    }
    return frames;
  }

  // Waits until what was sent makes this picture.
  void wait_shows(const Rect& at, const Pixels& pixels) {
    while (part(at) != pixels) next();
  }

  Pixels part(const Rect& at) const {
    Pixels pixels;
    if (canvas_.empty()) return pixels;
    for (std::uint32_t y = 0; y < at.height(); ++y) {
      const Bytes row = canvas_.row(at, at.y() + y);
      const std::size_t begin = pixels.size();
      pixels.resize(begin + at.width());
      std::memcpy(pixels.data() + begin, row.data(), row.size());
    }
    for (auto& pixel : pixels) pixel &= 0xFFFFFF;
    return pixels;
  }

 private:
  DisplayFrame take(const Received& event, bool kept) {
    const auto frame = event.as<DisplayFrame>();
    CHECK(frame.partial == ((event.header.flags() & kFlagDelta) != 0));
    const auto [bytes, slot] = pool().bytes_of(event);
    const auto picture = Picture::of(frame, bytes);
    REQUIRE(picture);
    CHECK(bytes.size() == std::size_t{frame.stride} * picture->area().height());
    CHECK(frame.stride == picture->area().width() * 4);
    if (!canvas_.fits(*picture)) {
      REQUIRE_FALSE(frame.partial);
      canvas_ = media::Canvas(frame.width, frame.height, frame.fourcc);
    }
    canvas_.apply(*picture);
    if (!kept) pool().grant(slot);
    return frame;
  }

  FakeKernel kernel_;
  std::vector<std::unique_ptr<FakePool>> pools_;
  media::Canvas canvas_;
  std::uint64_t ping_ = 0;
};

// The words with which a source that cannot go on ends; another try may end better.
inline std::string last_words(FakeKernel& kernel) {
  kernel.rest();
  CHECK(kernel.wait_exit() == 1);
  const std::string& log = kernel.drain_log();
  return log.substr(log.rfind('\n', log.size() - 2) + 1);
}

inline void xrandr(const Xvfb& server, const std::string& arguments) {
  const Finished run = run_program("xrandr -d " + server.display() + " " + arguments);
  INFO(run.output);
  REQUIRE(run.status == 0);
}

}  // namespace dkvm::test
