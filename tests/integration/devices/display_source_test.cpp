#include "devices/dummy/display/viewer.hpp"
#include "tests/support/fake_kernel.hpp"
#include "tests/support/pool_memory.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint32_t kPool = 7;
constexpr std::uint32_t kSlots = 3;
constexpr std::size_t kSlotBytes = 160 * 100 * 4;
constexpr std::size_t kStride = (kSlotBytes + 4095) / 4096 * 4096;

// The kernel of a display source of 160x100 pixels, and one who looks at what
// it shows.
class Screen {
 public:
  explicit Screen(FakeKernel::Environment config)
      : kernel_({DKVM_BIN_DIR "/dkvm-dummy-display-source"}, with_size(std::move(config))),
        memory_(make_memory(kSlots * kStride)) {
    port_ = kernel_.greet().ports.at(0)->id;
    const auto call = kernel_.wait(wire::FrameKind::request);
    kernel_.respond(call.header.sequence(), wire::Code::ok, R"({"pool":7,"slot_count":3})");
    wire::PoolOpenT open;
    open.pool = kPool;
    open.writable = true;
    open.slot_count = kSlots;
    open.slot_bytes = kStride;
    open.bytes = kSlots * kStride;
    open.port = port_;
    PayloadWriter writer;
    std::vector<std::byte> bytes;
    append_frame(bytes, {make_header(wire::FrameKind::pool_open), {}, {}, writer.write(open)});
    send_with_fds(kernel_.fd(), bytes, {memory_.get()});
    while (kernel_.next()->kind() != wire::FrameKind::pool_mapped) {
    }
  }

  FakeKernel& kernel() { return kernel_; }
  std::uint16_t port() const { return port_; }
  const dummy::Viewer& viewer() const { return viewer_; }

  void grant(std::uint32_t slot) {
    const wire::BufferRef buffer(kPool, slot, ++generations_[slot], 0, 0, slot * kStride,
                                 kSlotBytes);
    Frame frame{make_header(wire::FrameKind::slots), std::as_bytes(std::span(&buffer, 1)), {}, {}};
    frame.header.mutate_port(port_);
    std::vector<std::byte> bytes;
    append_frame(bytes, frame);
    kernel_.send_bytes(bytes);
  }

  // Looks at the next picture; says what it was, and in which slot.
  std::pair<DisplayFrame, std::uint32_t> next() {
    for (;;) {
      const auto event = kernel_.wait(wire::FrameKind::event);
      if (event.is(wire::Topic::display_frame)) return look(event);
    }
  }
  std::pair<DisplayFrame, std::uint32_t> look(const Received& event) {
    const auto frame = event.as<DisplayFrame>();
    REQUIRE(event.buffers.size() == 1);
    const wire::BufferRef& ref = event.buffers[0];
    CHECK(frame.partial == ((event.header.flags() & kFlagDelta) != 0));
    std::vector<std::byte> pixels(ref.length());
    REQUIRE(::pread(memory_.get(), pixels.data(), pixels.size(),
                    static_cast<off_t>(ref.offset())) == static_cast<ssize_t>(pixels.size()));
    const std::uint64_t now = now_ns();
    CHECK(viewer_.take(frame, pixels, event.header.capture_ns(), now).value());
    return {frame, ref.slot()};
  }

 private:
  static FakeKernel::Environment with_size(FakeKernel::Environment config) {
    config["DKVM_CONFIG_SIZE"] = "160x100";
    return config;
  }

  FakeKernel kernel_;
  detail::Fd memory_;
  std::uint16_t port_ = 0;
  std::map<std::uint32_t, std::uint32_t> generations_;
  dummy::Viewer viewer_{{.check = true, .late_ns = 1'000'000'000'000}};
};

}  // namespace

TEST_CASE("without a slot a display goes on, and sends the union of its damage when it has one") {
  Screen screen({{"DKVM_CONFIG_FPS", "1000"}, {"DKVM_CONFIG_PARTIAL", "1"}});
  screen.grant(0);
  CHECK_FALSE(screen.next().first.partial);  // the first is a whole one
  for (std::uint32_t i = 1; screen.viewer().sequence().lost() < 50; ++i) {
    ::poll(nullptr, 0, 3);  // meanwhile it draws, as often as it gets to it
    screen.grant(i % kSlots);
    CHECK(screen.next().first.partial);
  }
  CHECK(screen.viewer().counts().torn == 0);
}

TEST_CASE("a display that waits for a slot leaves nothing out") {
  Screen screen(
      {{"DKVM_CONFIG_FPS", "max"}, {"DKVM_CONFIG_PARTIAL", "0.8"}, {"DKVM_CONFIG_FRAMES", "200"}});
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) screen.grant(slot);
  for (std::uint64_t number = 1; number <= 200; ++number) {
    const auto [frame, slot] = screen.next();
    REQUIRE(screen.viewer().sequence().last() == number);
    CHECK(frame.partial == (frame.damage.width() * frame.damage.height() < 160 * 100));
    screen.grant(slot);
  }
  CHECK(screen.viewer().counts().torn == 0);
  CHECK(screen.viewer().counts().partial > 100);
  CHECK(screen.kernel().wait_exit() == 0);
}

TEST_CASE("a paused display draws nothing, and goes on with the next picture") {
  Screen screen(FakeKernel::Environment{{"DKVM_CONFIG_FPS", "500"}});
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) screen.grant(slot);
  screen.grant(screen.next().second);
  screen.kernel().send({.kind = wire::FrameKind::pause, .port = screen.port()});
  // Frames are handled in order, so at the pong the source has seen the pause;
  // a second one comes with nothing between them.
  for (std::uint64_t ping = 1; ping <= 2; ++ping) {
    screen.kernel().send({.kind = wire::FrameKind::ping, .sequence = ping});
    for (auto frame = screen.kernel().next(); frame->kind() != wire::FrameKind::pong;
         frame = screen.kernel().next()) {
      REQUIRE(ping == 1);
      if (frame->kind() == wire::FrameKind::event) screen.grant(screen.look(*frame).second);
    }
  }
  screen.kernel().send({.kind = wire::FrameKind::resume, .port = screen.port()});
  for (int i = 0; i < 20; ++i) screen.grant(screen.next().second);
  CHECK(screen.viewer().sequence().lost() == 0);
}

TEST_CASE("a static display answers who asks for a whole picture, or for its mode") {
  Screen screen(FakeKernel::Environment{{"DKVM_CONFIG_FPS", "0.001"}});
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) screen.grant(slot);
  screen.next();
  for (int i = 0; i < 5; ++i) {
    screen.kernel().upstream(screen.port(), Refresh{});
    const auto [frame, slot] = screen.next();
    CHECK_FALSE(frame.partial);
    screen.grant(slot);
  }
  CHECK(screen.viewer().sequence().repeated() == 5);
  CHECK(screen.viewer().counts().torn == 0);
  Refresh mode;
  mode.what = wire::RefreshWhat::display_mode;
  screen.kernel().upstream(screen.port(), mode);
  const auto told = screen.kernel().wait_event<DisplayMode>();
  CHECK(told.width == 160);
  CHECK(told.height == 100);
  CHECK(told.refresh_mhz == 1);
  CHECK(told.fourcc == kXR24);
}

TEST_CASE("a display source that is told nonsense says what was expected") {
  const std::pair<FakeKernel::Environment, std::string> cases[] = {
      {{{"DKVM_CONFIG_SIZE", "80x100"}},
       "config key 'size': 80x100 is too small for the pattern, expected at least 128x32"},
      {{{"DKVM_CONFIG_SIZE", "big"}},
       "config key 'size': 'big' is not a size such as 1920x1080, sides from 1 to 32768, or auto"},
      {{{"DKVM_CONFIG_SIZE", "1x99999"}}, "sides from 1 to 32768"},
      {{{"DKVM_CONFIG_PICTURE", "file"}}, "config key 'file' is required with picture: file"},
      {{{"DKVM_CONFIG_FORMAT", "NV12"}}, "config key 'format': 'NV12' is not one of XR24"},
      {{{"DKVM_CONFIG_PICTURE", "file"}, {"DKVM_CONFIG_FILE", DKVM_SOURCE_DIR "/README.md"}},
       "README.md'"},
  };
  for (const auto& [environment, message] : cases) {
    INFO(message);
    FakeKernel kernel({DKVM_BIN_DIR "/dkvm-dummy-display-source"}, environment);
    kernel.greet();
    kernel.rest();
    CHECK(kernel.wait_exit() == kExitRefused);
    CHECK_THAT(kernel.drain_log(), Catch::Contains(message));
  }
}
