#include "devices/dummy/display/pattern.hpp"
#include "devices/media/codecs.hpp"
#include "tests/support/device_keys.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/temp_dir.hpp"

#include <dkvm/config.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;
using Json = nlohmann::json;

namespace {

constexpr std::uint16_t kPort = 1;
constexpr std::uint32_t kSlots = 4;
constexpr std::uint32_t kWidth = 160;
constexpr std::uint32_t kHeight = 100;
const std::string kSink = DKVM_BIN_DIR "/dkvm-dummy-display-sink";

// A display sink, and who shows it test pictures.
class Screen {
 public:
  explicit Screen(const std::map<std::string, std::string>& config, std::uint32_t incarnation = 1)
      : kernel_({kSink}, keys(config)) {
    auto welcome = FakeKernel::default_welcome();
    welcome.incarnation = incarnation;
    kernel_.greet(welcome);
    pool_.show_pool();
  }

  FakeKernel& kernel() { return kernel_; }

  // Shows the next picture of a display of this size, unless it gets lost.
  void show(bool lost = false, std::uint64_t age_ns = 0) {
    painter_.draw(++number_, false).value();
    const std::uint64_t capture_ns = now_ns() - age_ns;
    painter_.sign(canvas_.area(), number_, capture_ns);
    if (!lost) send(canvas_, capture_ns);
  }
  void send(const media::Canvas& canvas, std::uint64_t capture_ns = now_ns()) {
    DisplayFrame frame;
    frame.width = canvas.width();
    frame.height = canvas.height();
    frame.fourcc = canvas.fourcc();
    frame.damage = canvas.area();
    frame.stride = canvas.width() * 4;
    pool_.event(++slot_ % kSlots, frame, canvas.bytes(), capture_ns);
    kernel_.wait_applied(kPort);
  }
  media::Canvas& canvas() { return canvas_; }

 private:
  FakeKernel kernel_;
  FakePool pool_{kernel_, kPort, kSlots, 256 * 200 * 4};
  media::Canvas canvas_{kWidth, kHeight, kXR24};
  dummy::PatternPainter painter_{canvas_, 1};
  std::uint64_t number_ = 0;
  std::uint32_t slot_ = 0;
};

std::string last_line(const std::string& log) {
  const auto end = log.find_last_not_of('\n');
  const auto begin = log.rfind('\n', end);
  return log.substr(begin == std::string::npos ? 0 : begin + 1, end - begin);
}

std::vector<media::Canvas> pictures_in(const std::string& path) {
  const auto codecs = media::load_codecs(DKVM_BIN_DIR);
  REQUIRE(codecs);
  auto reader = (*codecs)->read_pictures(path, {});
  if (!reader) FAIL(reader.error().message());
  std::vector<media::Canvas> pictures;
  for (;;) {
    media::Canvas canvas((*reader)->width(), (*reader)->height(), kXR24);
    if (!(*reader)->next(canvas).value()) return pictures;
    pictures.push_back(std::move(canvas));
  }
}

}  // namespace

TEST_CASE("a display sink that is told where it cannot write is refused, with that as last words") {
  const TempDir dir;
  dir.file("text", "x");
  const std::pair<std::map<std::string, std::string>, std::string> cases[] = {
      {{{"file", dir.file("f.foo")}}, "f.foo' has no ending of a file of pictures"},
      {{{"file", dir.file("f")}}, "f' has no ending of a file of pictures"},
      {{{"file", dir.file("nodir/x.mp4")}}, "nodir/x.mp4' cannot be written: No such file"},
      {{{"file", dir.file("nodir/x.raw")}}, "nodir/x.raw' cannot be written: No such file"},
      {{{"file", dir.file("nodir/f.png")}}, "nodir/f.png' cannot be written: No such file"},
      {{{"file", dir.file("%d-%d.png")}}, "2 places for a number"},
      {{{"final", dir.file("nodir/f.png")}}, "config key 'final': '"},
      {{{"final", dir.file("f.mp4")}}, "is not the name of one picture, expected .png or .raw"},
      {{{"report", dir.file("text/r.json")}}, "config key 'report': '"},
      {{{"fail_on", "torn"}}, "needs check: pattern"},
  };
  for (const auto& [config, message] : cases) {
    INFO(message);
    FakeKernel kernel({kSink}, keys(config));
    kernel.greet();
    kernel.rest();
    CHECK(kernel.wait_exit() == kExitRefused);
    CHECK_THAT(last_line(kernel.drain_log()),
               Catch::StartsWith("<3>cannot start: ") && Catch::Contains(message));
  }
}

TEST_CASE("fail_on ends a display sink with status 1, and the reason as its last words") {
  const TempDir dir;
  const auto run = [&](const std::string& fail_on, bool lost, bool torn) {
    Screen screen({{"check", "pattern"}, {"fail_on", fail_on}, {"report", dir.file("r.json")}});
    screen.show();
    if (lost) screen.show(true);
    screen.show();
    screen.canvas().bytes()[kWidth * 4 * 90] ^= std::byte{1};
    if (torn) screen.send(screen.canvas());
    screen.kernel().stop();
    const int status = screen.kernel().wait_exit();
    CHECK(Json::parse(read_file(dir.file("r.json"))).at("torn") == (torn ? 1 : 0));
    return std::pair(status, last_line(screen.kernel().drain_log()));
  };
  CHECK(run("lost", false, false).first == 0);
  CHECK(run("torn", true, false).first == 0);
  CHECK(run("nothing", true, true).first == 0);
  CHECK(run("torn", false, true) ==
        std::pair<int, std::string>(1, "<3>fail_on: torn, and 1 torn picture came, expected none"));
  CHECK(
      run("lost", true, false) ==
      std::pair<int, std::string>(1, "<3>fail_on: lost, and 1 picture did not come, expected all"));
}

TEST_CASE("a display sink that cannot write its report or last picture at the end fails") {
  for (const char* key : {"report", "final"}) {
    const TempDir dir;
    std::filesystem::create_directory(dir.file("there"));
    Screen screen({{key, dir.file("there/end.raw")}});
    screen.show();
    std::filesystem::remove(dir.file("there"));
    screen.kernel().stop();
    CHECK(screen.kernel().wait_exit() == 1);
    CHECK_THAT(last_line(screen.kernel().drain_log()),
               Catch::StartsWith("<3>") && Catch::Contains("there/end.raw") &&
                   Catch::Contains("No such file or directory"));
  }
}

TEST_CASE("a display sink whose disk is full ends with that as its last words") {
  const TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir.file("full.raw"));
  Screen screen({{"file", dir.file("full.raw")}});
  screen.show();
  CHECK(screen.kernel().wait_exit() == 1);
  CHECK(last_line(screen.kernel().drain_log()) ==
        "<3>writing '" + dir.file("full.raw") + "': No space left on device");
}

TEST_CASE("late pictures are counted by their age, and a slow sink tells its losses once") {
  const TempDir dir;
  Screen screen(
      {{"check", "pattern"}, {"late", "1m"}, {"delay", "1ms"}, {"report", dir.file("r.json")}});
  for (int i = 0; i < 30; ++i) screen.show(i % 2 == 1, i < 10 ? 61'000'000'000 : 0);
  screen.kernel().stop();
  CHECK(screen.kernel().wait_exit() == 0);
  const Json report = Json::parse(read_file(dir.file("r.json")));
  CHECK(report.at("late") == 5);
  CHECK(report.at("lost") == 14);
  const std::string& log = screen.kernel().drain_log();
  CHECK(log.find("<4>") == std::string::npos);
  CHECK(log.find("pictures are lost") == log.rfind("pictures are lost"));
  CHECK_THAT(last_line(log), Catch::Contains("15 pictures, 0 partial, 14 lost, 5 late"));
}

TEST_CASE("a recorder that is killed leaves what it wrote, and the next one goes on") {
  const TempDir dir;
  const std::map<std::string, std::vector<std::string>> kinds = {
      {"all.raw", {}},
      {"f-%03d.png", {"f-%03d.png"}},
      {"film.mkv", {"film.mkv", "film.2.mkv"}},
      {"film.y4m", {"film.y4m", "film.2.y4m"}}};
  for (const auto& [name, files] : kinds) {
    INFO(name);
    {
      Screen killed({{"file", dir.file(name)}});
      for (int i = 0; i < 200; ++i) killed.show();
      ::kill(killed.kernel().pid(), SIGKILL);
      CHECK(killed.kernel().wait_exit() == -SIGKILL);
    }
    Screen next({{"file", dir.file(name)}}, 2);
    for (int i = 0; i < 5; ++i) next.show();
    next.kernel().stop();
    CHECK(next.kernel().wait_exit() == 0);
    if (files.empty()) {
      CHECK(std::filesystem::file_size(dir.file(name)) == 205 * kWidth * kHeight * 4);
    } else if (files.size() == 1) {
      CHECK(pictures_in(dir.file(files[0])).size() == 205);
    } else {
      CHECK(pictures_in(dir.file(files[0])).size() > 60);  // a second and what the encoder held
      CHECK(pictures_in(dir.file(files[1])).size() == 5);
    }
  }
}

TEST_CASE("a recording keeps its size when the display's changes") {
  const TempDir dir;
  Screen screen({{"file", dir.file("film.mkv")}, {"final", dir.file("last.png")}});
  screen.show();
  screen.send(media::Canvas(256, 200, kXR24));
  screen.kernel().stop();
  CHECK(screen.kernel().wait_exit() == 0);
  const auto film = pictures_in(dir.file("film.mkv"));
  REQUIRE(film.size() == 2);
  CHECK(film[1].width() == kWidth);
  CHECK(pictures_in(dir.file("last.png")).at(0).width() == 256);
}
