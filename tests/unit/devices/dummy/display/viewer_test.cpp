#include "devices/dummy/display/viewer.hpp"

#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

constexpr std::uint64_t kLateNs = 1'000;

// A source of test pictures, and the frames that it would send.
class Source {
 public:
  explicit Source(std::uint32_t width = 160, std::uint32_t height = 100)
      : canvas_(width, height, kXR24), painter_(canvas_, 1) {}

  // Draws the next picture and gives it to the viewer, unless it gets lost.
  bool show(Viewer& viewer, bool partial, bool lost = false) {
    ++number_;
    const Rect area = *painter_.draw(number_, partial).value();
    painter_.sign(area, number_, number_ * 100);
    DisplayFrame frame;
    frame.width = canvas_.width();
    frame.height = canvas_.height();
    frame.fourcc = canvas_.fourcc();
    frame.damage = area;
    frame.partial = partial;
    frame.stride = area.width() * 4;
    std::vector<std::byte> buffer(std::size_t{frame.stride} * area.height());
    canvas_.copy_to(area, buffer);
    if (lost) return true;
    return viewer.take(frame, buffer, number_ * 100, number_ * 100 + delay_ns).value();
  }

  const media::Canvas& canvas() const { return canvas_; }
  std::uint64_t delay_ns = 0;

 private:
  media::Canvas canvas_;
  PatternPainter painter_;
  std::uint64_t number_ = 0;
};

}  // namespace

TEST_CASE("partial pictures are composed to what the source has drawn") {
  Viewer viewer({.check = true, .late_ns = kLateNs});
  Source source;
  source.show(viewer, false);
  for (int i = 0; i < 50; ++i) CHECK(source.show(viewer, true));
  CHECK(std::ranges::equal(viewer.last().bytes(), source.canvas().bytes()));
  CHECK(viewer.counts().pictures == 51);
  CHECK(viewer.counts().partial == 50);
  CHECK(viewer.counts().torn == 0);
  CHECK(viewer.sequence().lost() == 0);
  CHECK(viewer.sequence().late() == 0);
}

TEST_CASE("what is lost, late and torn is counted apart") {
  Viewer viewer({.check = true, .late_ns = kLateNs});
  Source source;
  source.show(viewer, false);
  source.show(viewer, false, true);
  source.show(viewer, false, true);
  source.delay_ns = kLateNs + 1;
  source.show(viewer, false);
  source.show(viewer, false, true);  // without which the next one is torn
  source.show(viewer, true);
  source.show(viewer, false);
  CHECK(viewer.sequence().lost() == 4);
  CHECK(viewer.sequence().late() == 2);
  CHECK(viewer.counts().torn == 1);
}

TEST_CASE("a partial picture without a whole one before it is asked for, and changes nothing") {
  Viewer viewer({.check = true, .late_ns = kLateNs});
  Source source;
  CHECK_FALSE(source.show(viewer, true));
  CHECK(viewer.counts().orphans == 1);
  CHECK(viewer.last().empty());
  CHECK(source.show(viewer, false));
  Source larger(200, 120);  // another mode
  CHECK_FALSE(larger.show(viewer, true));
  CHECK(larger.show(viewer, false));
  CHECK(viewer.last().width() == 200);
  CHECK(viewer.counts().torn == 0);
}

TEST_CASE("a frame that lies about its buffer is counted and left out") {
  Viewer viewer({.check = true, .late_ns = kLateNs});
  DisplayFrame frame;
  frame.width = frame.height = 100;
  frame.stride = 400;
  frame.fourcc = kXR24;
  CHECK_FALSE(viewer.take(frame, std::vector<std::byte>(39'999), 0, 0).value());
  CHECK(viewer.counts().broken == 1);
  CHECK(viewer.counts().pictures == 0);
}

TEST_CASE("the pictures go into a file, whole ones also where partial ones came") {
  const test::TempDir dir;
  Viewer viewer({.file = dir.file("all.raw"), .late_ns = kLateNs});
  Source source;
  std::string expected;
  for (int i = 0; i < 5; ++i) {
    source.show(viewer, i != 0);
    const Bytes bytes = source.canvas().bytes();
    expected.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  REQUIRE(viewer.finish(dir.file("last.raw")));
  CHECK(test::read_file(dir.file("all.raw")) == expected);
  CHECK(test::read_file(dir.file("last.raw")) == expected.substr(expected.size() / 5 * 4));
}
