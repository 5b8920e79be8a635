#include <dkvm/picture.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <vector>

using namespace dkvm;

namespace {

DisplayFrame frame_of(std::uint32_t width, std::uint32_t height, std::uint32_t stride) {
  DisplayFrame frame;
  frame.epoch = 3;
  frame.width = width;
  frame.height = height;
  frame.stride = stride;
  frame.fourcc = kXR24;
  return frame;
}

std::string refusal(const DisplayFrame& frame, std::size_t bytes) {
  const std::vector<std::byte> buffer(bytes);
  const auto picture = Picture::of(frame, buffer);
  REQUIRE_FALSE(picture);
  return picture.error().message();
}

constexpr auto kHuge = std::numeric_limits<std::uint32_t>::max();

}  // namespace

TEST_CASE("a whole picture has its rows where the stride says, the last one without its gap") {
  std::vector<std::byte> buffer(2 * 20 + 16);
  for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = std::byte(i);
  const auto picture = Picture::of(frame_of(4, 3, 20), buffer);
  REQUIRE(picture);
  CHECK(picture->width() == 4);
  CHECK(picture->height() == 3);
  CHECK(picture->epoch() == 3);
  CHECK_FALSE(picture->partial());
  CHECK(picture->area().width() == 4);
  CHECK(picture->area().height() == 3);
  for (std::uint32_t y = 0; y < 3; ++y) {
    CHECK(picture->row(y).size() == 16);
    CHECK(picture->row(y).front() == std::byte(20 * y));
  }
  CHECK(refusal(frame_of(4, 3, 20), buffer.size() - 1) ==
        "a buffer of 55 bytes, expected at least 56 for 4x3 pixels of XR24");
}

TEST_CASE("a partial picture needs only its damage in the buffer") {
  DisplayFrame frame = frame_of(1920, 1080, 40);
  frame.partial = true;
  frame.damage = Rect(100, 200, 10, 5);
  const std::vector<std::byte> buffer(5 * 40);
  const auto picture = Picture::of(frame, buffer);
  REQUIRE(picture);
  CHECK(picture->partial());
  CHECK(picture->area().x() == 100);
  CHECK(picture->area().y() == 200);
  CHECK(picture->row(4).size() == 40);
  CHECK(refusal(frame, 199) ==
        "a buffer of 199 bytes, expected at least 200 for 10x5 pixels of XR24");
  frame.stride = 39;
  CHECK(refusal(frame, 200) == "a stride of 39 bytes, expected at least 40 for 10 pixels of XR24");
}

TEST_CASE("damage that does not lie in the picture is refused, however it wraps around") {
  DisplayFrame frame = frame_of(100, 50, 400);
  frame.partial = true;
  for (const Rect& damage : {Rect(91, 0, 10, 1), Rect(0, 41, 1, 10), Rect(kHuge, 0, 2, 1),
                             Rect(0, kHuge, 1, 2), Rect(1, 1, kHuge, 1), Rect(1, 1, 1, kHuge)}) {
    frame.damage = damage;
    CHECK_THAT(refusal(frame, 100'000), Catch::Contains("expected an area within it"));
  }
  frame.damage = Rect(91, 0, 10, 1);
  CHECK(refusal(frame, 100'000) ==
        "damage 10x1+91+0 of a picture of 100x50 pixels, expected an area within it");
  frame.damage = Rect(5, 5, 0, 3);
  CHECK(refusal(frame, 100'000) == "a partial picture without damage, expected an area");
  frame.partial = false;  // a whole picture need not say what is new
  CHECK(Picture::of(frame, std::vector<std::byte>(50 * 400)));
}

TEST_CASE("sizes that no picture has are refused before anything is computed with them") {
  for (const auto& [width, height] : {std::pair{0u, 5u}, std::pair{5u, 0u}, std::pair{kHuge, 1u},
                                      std::pair{1u, kHuge}, std::pair{kPictureSideMax + 1, 1u}})
    CHECK_THAT(refusal(frame_of(width, height, kHuge), 4096),
               Catch::Contains("expected sides from 1 to 32768"));
  CHECK_THAT(refusal(frame_of(32'768, 32'768, kHuge), 4096), Catch::Contains("expected at least"));
  DisplayFrame planar = frame_of(4, 4, 16);
  planar.fourcc = fourcc_of('N', 'V', '1', '2');
  CHECK(refusal(planar, 4096) ==
        "a picture of format 'NV12', expected a packed RGB format such as XR24");
}
