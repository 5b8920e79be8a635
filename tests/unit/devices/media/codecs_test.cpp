#include "devices/media/codecs.hpp"

#include "devices/dummy/audio/sine.hpp"
#include "devices/dummy/display/noise.hpp"
#include "devices/dummy/display/pattern.hpp"
#include "devices/media/pixel.hpp"
#include "devices/media/samples.hpp"
#include "devices/media/wav_file.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::media;
using dkvm::test::TempDir;

namespace {

const Codecs& codecs() {
  const auto loaded = load_codecs(DKVM_BIN_DIR);
  if (!loaded) FAIL(loaded.error().message());
  return **loaded;
}

// Test pictures 1 … count, written to a file 40 ms apart.
std::vector<Canvas> written(const std::string& path, std::uint32_t width, std::uint32_t height,
                            std::uint32_t fourcc, std::uint64_t count, Begin begin = Begin::anew) {
  auto writer = codecs().write_pictures(path, 25, begin);
  if (!writer) FAIL(writer.error().message());
  std::vector<Canvas> pictures;
  Canvas canvas(width, height, fourcc);
  dummy::PatternPainter painter(canvas, 1);
  for (std::uint64_t number = 1; number <= count; ++number) {
    REQUIRE(painter.draw(number, false));
    painter.sign(canvas.area(), number, 0);
    const auto done = (*writer)->write(canvas, number * 40'000'000);
    if (!done) FAIL(done.error().message());
    pictures.push_back(canvas);
  }
  REQUIRE((*writer)->finish());
  return pictures;
}

std::vector<Canvas> read_all(PictureReader& reader, std::uint32_t fourcc) {
  std::vector<Canvas> pictures;
  for (;;) {
    Canvas canvas(reader.width(), reader.height(), fourcc);
    const auto more = reader.next(canvas);
    if (!more) FAIL(more.error().message());
    if (!*more) return pictures;
    pictures.push_back(std::move(canvas));
  }
}

bool same(const Canvas& a, const Canvas& b) { return std::ranges::equal(a.bytes(), b.bytes()); }

}  // namespace

TEST_CASE("images numbered by their name come back bit for bit, twice") {
  const TempDir dir;
  const std::string path = dir.file("frame-%06d.png");
  for (const std::uint32_t fourcc : {kXR24, kAB24, kRG24}) {
    const auto pictures = written(path, 131, 77, fourcc, 3);
    CHECK_FALSE(test::read_file(dir.file("frame-000001.png")).empty());
    auto reader = codecs().read_pictures(path, {.fourcc = fourcc});
    REQUIRE(reader);
    for (int pass = 0; pass < 2; ++pass) {
      const auto back = read_all(**reader, fourcc);
      REQUIRE(back.size() == 3);
      for (std::size_t i = 0; i < 3; ++i) CHECK(same(back[i], pictures[i]));
      REQUIRE((*reader)->rewind());
    }
  }
}

TEST_CASE("videos keep how many pictures there were, their rate, and their stamps") {
  const TempDir dir;
  for (const char* name : {"film.y4m", "film.mp4", "film.mkv", "film.avi", "film.webm"}) {
    INFO(name);
    written(dir.file(name), 320, 200, kXR24, 12);
    auto reader = codecs().read_pictures(dir.file(name), {});
    REQUIRE(reader);
    CHECK((*reader)->width() == 320);
    CHECK((*reader)->height() == 200);
    CHECK((*reader)->rate() == Approx(25).epsilon(0.01));
    const auto back = read_all(**reader, kXR24);
    REQUIRE(back.size() == 12);
    for (std::uint64_t number = 1; number <= 12; ++number) {
      const auto stamp =
          dummy::read_stamp(back[number - 1], dummy::stamp_area(back[number - 1].area()));
      REQUIRE(stamp);
      CHECK(stamp->number == number);
    }
  }
}

TEST_CASE("pictures are scaled to the size that is wished for") {
  const TempDir dir;
  written(dir.file("film.y4m"), 256, 64, kXR24, 1);
  auto reader =
      codecs().read_pictures(dir.file("film.y4m"), {.fourcc = kRG16, .width = 512, .height = 128});
  REQUIRE(reader);
  const auto back = read_all(**reader, kRG16);
  REQUIRE(back.size() == 1);
  CHECK(back[0].width() == 512);
  CHECK(back[0].bytes().size() == 512 * 128 * 2);
}

TEST_CASE("colours come back from a video, tagged as those of its height") {
  const TempDir dir;
  for (const std::uint32_t height : {200u, 720u}) {
    for (const char* name : {"film.mp4", "film.mkv", "film.y4m", "film.jpg"}) {
      INFO(name << " of " << height << " lines");
      Canvas canvas(320, height, kXR24);
      for (std::size_t at = 0; at < canvas.bytes().size(); at += 4)
        write_pixel(kXR24, {200, 40, 90}, canvas.bytes().data() + at);
      auto writer = codecs().write_pictures(dir.file(name), 25, Begin::anew);
      REQUIRE(writer);
      REQUIRE((*writer)->write(canvas, 0));
      REQUIRE((*writer)->finish());
      auto reader = codecs().read_pictures(dir.file(name), {});
      REQUIRE(reader);
      Canvas back(320, height, kXR24);
      REQUIRE((*reader)->next(back).value());
      const Rgba pixel = read_pixel(kXR24, back.bytes().data());
      CHECK(int{pixel.r} == Approx(200).margin(4));
      CHECK(int{pixel.g} == Approx(40).margin(4));
      CHECK(int{pixel.b} == Approx(90).margin(4));
    }
    // What MP4 says of them: colour primaries, transfer and matrix by number.
    const char code = height == 720 ? 1 : 6;
    const std::string tag = {'c', 'o', 'l', 'r', 'n', 'c', 'l', 'x', 0, code, 0, code, 0, code};
    CHECK(test::read_file(dir.file("film.mp4")).find(tag) != std::string::npos);
  }
}

TEST_CASE("a row of images goes on with the next number, a video in a file beside") {
  const TempDir dir;
  const std::string images = dir.file("frame-%04d.png");
  const auto first = written(images, 128, 32, kXR24, 2);
  written(images, 128, 32, kXR24, 3, Begin::go_on);
  auto row = codecs().read_pictures(images, {});
  REQUIRE(row);
  const auto all = read_all(**row, kXR24);
  REQUIRE(all.size() == 5);
  for (std::size_t i : {0u, 1u, 2u, 3u}) CHECK(same(all[i], first[i % 2]));

  const std::string film = dir.file("film.mkv");
  written(film, 128, 32, kXR24, 4);
  const std::string before = test::read_file(film);
  written(film, 128, 32, kXR24, 5, Begin::go_on);
  written(film, 128, 32, kXR24, 6, Begin::go_on);
  CHECK((test::read_file(film) == before));
  for (const auto& [name, count] : {std::pair{"film.2.mkv", 5u}, {"film.3.mkv", 6u}}) {
    auto reader = codecs().read_pictures(dir.file(name), {});
    REQUIRE(reader);
    CHECK(read_all(**reader, kXR24).size() == count);
  }
}

TEST_CASE("raw pixels go on behind the last whole picture") {
  const TempDir dir;
  const std::string path = dir.file("all.raw", std::string(100 * 3, 'a') + "cut short");
  for (int i = 0; i < 2; ++i) {
    auto writer = write_pictures(path, 25, Begin::go_on);
    REQUIRE(writer);
    REQUIRE((*writer)->write(Canvas(10, 10, kRG24), 0));
  }
  CHECK((test::read_file(path) == std::string(300, 'a') + std::string(600, '\0')));
}

TEST_CASE("a place where no pictures can be written is refused before there are any") {
  const TempDir dir;
  const auto refusal = [](const std::string& path) {
    const auto checked =
        check_can_be_made(path) ? codecs().check_writable(path) : check_can_be_made(path);
    INFO(path);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code() == Errc::invalid);
    CHECK_THAT(checked.error().message(), Catch::Contains("'" + path + "'"));
    return checked.error().message();
  };
  CHECK_THAT(refusal(dir.file("film.foo")), Catch::Contains("has no ending of a file of pictures"));
  CHECK_THAT(refusal(dir.file("film")), Catch::Contains("has no ending of a file of pictures"));
  CHECK_THAT(refusal(dir.file("tone.wav")), Catch::Contains("has no ending"));
  CHECK_THAT(refusal(dir.file("song.mp3")), Catch::Contains("has no ending"));
  CHECK_THAT(refusal(dir.file("none/film.mp4")),
             Catch::Contains("No such file or directory, expected the folder"));
  CHECK_THAT(refusal(dir.file("none/f-%d.png")), Catch::Contains("No such file or directory"));
  CHECK_THAT(refusal(dir.file("text", "x") + "/film.mp4"), Catch::Contains("Not a directory"));
  CHECK_THAT(refusal(dir.path()), Catch::Contains("it is a folder, expected a file"));
  CHECK_THAT(refusal(dir.file("%d-%d.png")), Catch::Contains("2 places for a number"));
  for (const char* name : {"a.mp4", "a.png", "a-%03d.png", "100%.png", "a.y4m", "a.mkv", "a.gif"})
    CHECK(codecs().check_writable(dir.file(name)));
  CHECK_FALSE(std::filesystem::exists(dir.file("a.mp4")));
}

TEST_CASE("a picture of odd size, and one whose size changes, can be written all the same") {
  const TempDir dir;
  written(dir.file("odd.mp4"), 161, 33, kXR24, 2);
  auto writer = codecs().write_pictures(dir.file("size-%d.png"), 25, Begin::anew);
  REQUIRE(writer);
  for (const std::uint32_t side : {16u, 40u, 24u})
    REQUIRE((*writer)->write(Canvas(side, side, kXR24), 0));
  REQUIRE((*writer)->finish());
  for (const auto& [number, side] : {std::pair{"1", 16u}, {"2", 40u}, {"3", 24u}}) {
    auto reader = codecs().read_pictures(dir.file("size-" + std::string(number) + ".png"), {});
    REQUIRE(reader);
    CHECK((*reader)->width() == side);
  }
}

TEST_CASE("raw files hold the pixels and nothing else") {
  const TempDir dir;
  const std::string path = dir.file("all.raw");
  Canvas canvas(9, 5, kRG24);
  dummy::NoisePainter painter(canvas, 3);
  std::vector<Canvas> pictures;
  {
    auto writer = write_pictures(path, 25);
    REQUIRE(writer);
    for (std::uint64_t number = 1; number <= 4; ++number) {
      REQUIRE(painter.draw(number, false));
      REQUIRE((*writer)->write(canvas, 0));
      pictures.push_back(canvas);
    }
    REQUIRE((*writer)->finish());
  }
  CHECK(test::read_file(path).size() == 4 * 9 * 5 * 3);
  auto reader = read_pictures(path, {.fourcc = kRG24, .width = 9, .height = 5});
  REQUIRE(reader);
  const auto back = read_all(**reader, kRG24);
  REQUIRE(back.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(same(back[i], pictures[i]));

  auto other_size = read_pictures(path, {.fourcc = kRG24, .width = 7, .height = 7});
  REQUIRE(other_size);
  Canvas other(7, 7, kRG24);
  Result<bool> more = true;
  while (more && *more) more = (*other_size)->next(other);
  REQUIRE_FALSE(more);
  CHECK(more.error().message() ==
        "'" + path + "' ends within a picture, expected whole ones of 147 bytes");
  CHECK(read_pictures(path, {}).error().code() == Errc::invalid);
}

TEST_CASE("a file that is not there can be tried again, one that is no picture cannot") {
  const TempDir dir;
  const auto code_of = [](const std::string& path) {
    const auto reader = codecs().read_pictures(path, {});
    REQUIRE_FALSE(reader);
    CHECK_THAT(reader.error().message(), Catch::Contains("'" + path + "'"));
    return reader.error().code();
  };
  CHECK(code_of(dir.file("none.mp4")) == Errc::not_found);
  CHECK(code_of(dir.file("none-%d.png")) == Errc::not_found);
  CHECK(code_of(dir.file("text.mp4", "no picture at all\n")) == Errc::invalid);
  CHECK(codecs().write_pictures(dir.file("film.nonsense"), 25, Begin::anew).error().code() ==
        Errc::invalid);
  CHECK(codecs().write_pictures(dir.file("none/film.mp4"), 25, Begin::anew).error().code() ==
        Errc::not_found);
  CHECK(codecs().read_sound(dir.file("none.wav"), {}).error().code() == Errc::not_found);
}

TEST_CASE("no address in a file's name or in a playlist leads to a network") {
  const TempDir dir;
  CHECK(codecs().read_pictures("http://127.0.0.1:9/film.mp4", {}).error().code() ==
        Errc::not_found);
  const auto list = dir.file("list.m3u8",
                             "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
                             "http://127.0.0.1:9/film.ts\n#EXT-X-ENDLIST\n");
  CHECK_FALSE(codecs().read_pictures(list, {}));
}

TEST_CASE("sound comes back from a WAV sample by sample, in every format") {
  const TempDir dir;
  for (const SampleFormat format : {SampleFormat::s16, SampleFormat::s32, SampleFormat::f32}) {
    INFO(wire::EnumNameSampleFormat(format));
    const std::string path = dir.file("tone.wav");
    std::vector<std::byte> samples(4410 * 3 * bytes_per_sample(format));
    dummy::Sine(44'100, 3, {440, 441, 442}, 0.7).fill(0, format, samples);
    auto writer = write_wav(path, 44'100, 3, format);
    REQUIRE(writer);
    const std::size_t half = samples.size() / 2 / 12 * 12;
    REQUIRE((*writer)->write(Bytes(samples).first(half)));
    REQUIRE((*writer)->write(Bytes(samples).subspan(half)));
    REQUIRE((*writer)->finish());

    auto reader = codecs().read_sound(path, {.format = format});
    REQUIRE(reader);
    CHECK((*reader)->rate() == 44'100);
    CHECK((*reader)->channels() == 3);
    for (int pass = 0; pass < 2; ++pass) {
      std::vector<std::byte> back(samples.size() + 120);
      const auto got = (*reader)->read(back);
      REQUIRE(got);
      REQUIRE(*got == samples.size());
      back.resize(*got);
      CHECK(back == samples);
      REQUIRE((*reader)->rewind());
    }
  }
}

TEST_CASE("sound is resampled to the rate and channels that are wished for, to its end") {
  const TempDir dir;
  std::vector<std::byte> samples(48'000 * 2);
  dummy::Sine(48'000, 1, {1000}, 0.5).fill(0, SampleFormat::s16, samples);
  auto writer = write_wav(dir.file("tone.wav"), 48'000, 1, SampleFormat::s16);
  REQUIRE(writer);
  REQUIRE((*writer)->write(samples));
  REQUIRE((*writer)->finish());
  auto reader = codecs().read_sound(dir.file("tone.wav"),
                                    {.rate = 16'000, .channels = 2, .format = SampleFormat::f32});
  REQUIRE(reader);
  std::vector<std::byte> back(20'000 * 2 * 4);
  const auto got = (*reader)->read(back);
  REQUIRE(got);
  CHECK(*got / 8 == Approx(16'000).margin(40));
  CHECK(std::abs(read_sample(SampleFormat::f32, back.data() + (8004 * 2) * 4)) < 0.51);
}

TEST_CASE("without the module the error says what is expected where") {
  const TempDir dir;
  const auto loaded = load_codecs(dir.path());
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code() == Errc::unsupported);
  CHECK_THAT(loaded.error().message(),
             Catch::Contains("expected dkvm-media.so beside the device's program"));
}
