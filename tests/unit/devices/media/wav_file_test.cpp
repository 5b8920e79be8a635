#include "devices/media/wav_file.hpp"

#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::media;
using dkvm::test::TempDir;

namespace {

const std::vector<std::byte> kSecond(8'000 * 2, std::byte{7});  // of 8 kHz, one channel, s16

std::unique_ptr<SoundWriter> opened(const std::string& path, Begin begin) {
  auto writer = write_wav(path, 8'000, 1, SampleFormat::s16, begin);
  if (!writer) FAIL(writer.error().message());
  return std::move(*writer);
}

// Samples in the file, as FFmpeg sees them.
std::size_t samples_in(const std::string& path) {
  const auto codecs = load_codecs(DKVM_BIN_DIR);
  REQUIRE(codecs);
  auto reader = (*codecs)->read_sound(path, {});
  if (!reader) FAIL(reader.error().message());
  CHECK((*reader)->rate() == 8'000);
  std::vector<std::byte> samples(100'000);
  samples.resize((*reader)->read(samples).value());
  for (const std::byte each : samples) REQUIRE(each == std::byte{7});
  return samples.size() / 2;
}

}  // namespace

TEST_CASE("a WAV whose writer died can be played, and is gone on with") {
  const TempDir dir;
  const std::string path = dir.file("tone.wav");
  const auto dead = opened(path, Begin::anew);  // never finishes
  REQUIRE(dead->write(kSecond));
  REQUIRE(dead->write(Bytes(kSecond).first(1'001)));  // half a sample at the end
  CHECK(samples_in(path) == 8'000);
  auto next = opened(path, Begin::go_on);
  CHECK(samples_in(path) == 8'500);
  REQUIRE(next->write(Bytes(kSecond).first(200)));
  REQUIRE(next->finish());
  CHECK(samples_in(path) == 8'600);
}

TEST_CASE("a WAV is begun anew where it is not to go on, or there is none yet") {
  const TempDir dir;
  const std::string path = dir.file("tone.wav");
  for (const Begin begin : {Begin::go_on, Begin::anew, Begin::anew}) {
    auto writer = opened(path, begin);
    REQUIRE(writer->write(Bytes(kSecond).first(600)));
    REQUIRE(writer->finish());
    CHECK(samples_in(path) == 300);
  }
  std::filesystem::resize_file(path, 20);  // killed while it wrote the header
  REQUIRE(opened(path, Begin::go_on)->write(kSecond));
  CHECK(samples_in(path) == 8'000);
}

TEST_CASE("a file with other sound, or none, is not gone on with, and left as it is") {
  const TempDir dir;
  const std::string path = dir.file("tone.wav");
  REQUIRE(opened(path, Begin::anew)->write(kSecond));
  const std::string before = test::read_file(path);
  const auto other = write_wav(path, 8'000, 2, SampleFormat::s16, Begin::go_on);
  REQUIRE_FALSE(other);
  CHECK(other.error().code() == Errc::invalid);
  CHECK(other.error().message() == "'" + path +
                                       "' is not a WAV with sound of 2 channels at 8000 Hz in "
                                       "s16, expected one to go on with");
  CHECK((test::read_file(path) == before));
  const std::string diary = dir.file("diary.wav", std::string(1000, 'x'));
  CHECK_FALSE(write_wav(diary, 8'000, 1, SampleFormat::s16, Begin::go_on));
  CHECK((test::read_file(diary) == std::string(1000, 'x')));
}
