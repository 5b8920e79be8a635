#include "devices/dummy/display/viewer.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint32_t kSlots = 3;
constexpr std::size_t kSlotBytes = 160 * 100 * 4;

// The kernel of a display source of 160x100 pixels, and one who looks at what
// it shows.
class Screen {
 public:
  explicit Screen(FakeKernel::Environment config)
      : kernel_({DKVM_BIN_DIR "/dkvm-dummy-display-source"}, with_size(std::move(config))) {
    port_ = kernel_.greet().ports.at(0)->id;
    pool_.grant_pool();
  }

  FakeKernel& kernel() { return kernel_; }
  std::uint16_t port() const { return port_; }
  const dummy::Viewer& viewer() const { return viewer_; }

  void grant(std::uint32_t slot) { pool_.grant(slot); }

  // Looks at the next picture; says what it was, and in which slot.
  std::pair<DisplayFrame, std::uint32_t> next() {
    for (;;) {
      const auto event = kernel_.wait(wire::FrameKind::event);
      if (event.is(wire::Topic::display_frame)) return look(event);
    }
  }
  std::pair<DisplayFrame, std::uint32_t> look(const Received& event) {
    const auto frame = event.as<DisplayFrame>();
    CHECK(frame.partial == ((event.header.flags() & kFlagDelta) != 0));
    const auto [pixels, slot] = pool_.bytes_of(event);
    const std::uint64_t now = now_ns();
    CHECK(viewer_.take(frame, pixels, event.header.capture_ns(), now).value());
    return {frame, slot};
  }

 private:
  static FakeKernel::Environment with_size(FakeKernel::Environment config) {
    config["DKVM_CONFIG_SIZE"] = "160x100";
    return config;
  }

  FakeKernel kernel_;
  FakePool pool_{kernel_, 1, kSlots, kSlotBytes};
  std::uint16_t port_ = 0;
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

TEST_CASE("a display that was stopped makes up for nothing") {
  Screen screen(FakeKernel::Environment{{"DKVM_CONFIG_FPS", "100"}, {"DKVM_CONFIG_FRAMES", "40"}});
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) screen.grant(slot);
  std::vector<std::uint64_t> times;
  const auto look = [&] {
    const auto event = screen.kernel().wait(wire::FrameKind::event);
    if (!event.is(wire::Topic::display_frame)) return;
    times.push_back(event.header.capture_ns());
    screen.grant(screen.look(event).second);
  };
  while (times.size() < 10) look();
  ::kill(screen.kernel().pid(), SIGSTOP);
  ::poll(nullptr, 0, 1000);  // as long as a hundred pictures
  ::kill(screen.kernel().pid(), SIGCONT);
  while (times.size() < 40) look();
  CHECK(screen.kernel().wait_exit() == 0);
  // 29 periods, without the one that is long: all in a burst would take none of them.
  std::uint64_t longest = 0;
  for (std::size_t i = 1; i < times.size(); ++i)
    longest = std::max(longest, times[i] - times[i - 1]);
  CHECK(longest > 900'000'000);
  CHECK(times.back() - times.front() - longest > 29 * 9'000'000);
}

TEST_CASE("a file's pictures come at its own rate, unless another one is told") {
  const TempDir dir;
  const auto codecs = media::load_codecs(DKVM_BIN_DIR);
  REQUIRE(codecs);
  const std::string film = dir.file("film.mkv");
  auto writer = (*codecs)->write_pictures(film, 12.5, media::Begin::anew);
  REQUIRE(writer);
  for (std::uint64_t i = 0; i < 5; ++i)
    REQUIRE((*writer)->write(media::Canvas(64, 48, kXR24), i * 80'000'000));
  REQUIRE((*writer)->finish());
  for (const auto& [fps, mhz] : {std::pair{"auto", 12'500u}, {"30", 30'000u}, {"max", 0u}}) {
    FakeKernel kernel(
        {DKVM_BIN_DIR "/dkvm-dummy-display-source"},
        {{"DKVM_CONFIG_PICTURE", "file"}, {"DKVM_CONFIG_FILE", film}, {"DKVM_CONFIG_FPS", fps}});
    kernel.greet();
    const auto mode = kernel.wait_event<DisplayMode>();
    CHECK(mode.refresh_mhz == mhz);
    CHECK(mode.width == 64);
  }
}

TEST_CASE("a display whose pictures are too large for the kernel takes no memory for them") {
  const TempDir dir;
  FakeKernel kernel(
      {DKVM_BIN_DIR "/dkvm-dummy-display-source"},
      {{"DKVM_CONFIG_SIZE", "32768x32768"}, {"DKVM_CONFIG_REPORT", dir.file("r.json")}});
  kernel.greet();
  const auto call = kernel.wait(wire::FrameKind::request);
  const std::string status = read_file("/proc/" + std::to_string(kernel.pid()) + "/status");
  const auto peak = status.find("VmHWM:");
  REQUIRE(peak != std::string::npos);
  CHECK(std::stoul(status.substr(peak + 6)) < 512 * 1024);  // KiB; the pictures have 4 GiB
  kernel.respond(call.header.sequence(), wire::Code::invalid, "too large");
  CHECK(kernel.wait_exit() == kExitRefused);
}

TEST_CASE("a display source that never started, or cannot, leaves no report") {
  const TempDir dir;
  const std::string old = dir.file("r.json", "of another run");
  FakeKernel kernel({DKVM_BIN_DIR "/dkvm-dummy-display-source"},
                    {{"DKVM_CONFIG_SIZE", "1x1"}, {"DKVM_CONFIG_REPORT", old}});
  kernel.greet();
  kernel.rest();
  CHECK(kernel.wait_exit() == kExitRefused);
  CHECK(read_file(old) == "of another run");
}

TEST_CASE("a source whose report cannot be written at its end fails") {
  const TempDir dir;
  std::filesystem::create_directory(dir.file("there"));
  Screen screen(FakeKernel::Environment{{"DKVM_CONFIG_FPS", "max"},
                                        {"DKVM_CONFIG_FRAMES", "1"},
                                        {"DKVM_CONFIG_REPORT", dir.file("there/r.json")}});
  std::filesystem::remove(dir.file("there"));
  screen.grant(0);
  CHECK(screen.kernel().wait_exit() == 1);
  CHECK_THAT(screen.kernel().drain_log(), Catch::Contains("<3>opening '"));
}

TEST_CASE("a display source that is told nonsense says what was expected") {
  const std::pair<FakeKernel::Environment, std::string> cases[] = {
      {{{"DKVM_CONFIG_SIZE", "80x100"}},
       "config key 'size': 80x100 is too small for the pattern, expected at least 128x32"},
      {{{"DKVM_CONFIG_SIZE", "big"}},
       "config key 'size': 'big' is not a size such as 1920x1080, sides from 1 to 32768, or auto"},
      {{{"DKVM_CONFIG_SIZE", "1x99999"}}, "sides from 1 to 32768"},
      {{{"DKVM_CONFIG_PICTURE", "file"}}, "config key 'file' is required with picture: file"},
      {{{"DKVM_CONFIG_FILE", "film.mp4"}},
       "config key 'file' has no effect without picture: file, expected that or no such key"},
      {{{"DKVM_CONFIG_REPORT", "/proc/nodir/r.json"}}, "config key 'report': '/proc/nodir/r.json'"},
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
