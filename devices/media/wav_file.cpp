#include "devices/media/wav_file.hpp"

#include <dkvm/fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm::media {
namespace {

constexpr std::uint16_t kTagPcm = 1;
constexpr std::uint16_t kTagFloat = 3;
constexpr std::uint16_t kTagExtensible = 0xFFFE;
constexpr std::size_t kShapeAt = 48;  // the chunk that says rate, channels and format
constexpr std::size_t kDataSizeBytes = 4;
constexpr std::uint64_t kSizeMax32 = 0xFFFF'FFFF;

struct Shape {
  std::uint32_t rate;
  std::uint8_t channels;
  SampleFormat format;

  std::uint32_t frame_bytes() const { return channels * bytes_per_sample(format); }
};

tl::unexpected<Error> failed(Errc code, const char* doing, const std::string& path) {
  return fail(code, std::string(doing) + " '" + path + "': " + std::strerror(errno));
}

void append_text(std::vector<std::byte>& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
}

// Little-endian, as all of the format.
void append_number(std::vector<std::byte>& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i) & 0xFF));
}

void append_shape(std::vector<std::byte>& out, const Shape& shape) {
  const bool plain = shape.format == SampleFormat::s16 && shape.channels <= 2;
  const std::uint16_t tag = shape.format == SampleFormat::f32 ? kTagFloat : kTagPcm;
  const std::uint32_t bits = 8 * bytes_per_sample(shape.format);
  append_text(out, "fmt ");
  append_number(out, plain ? 16 : 40, 4);
  append_number(out, plain ? tag : kTagExtensible, 2);
  append_number(out, shape.channels, 2);
  append_number(out, shape.rate, 4);
  append_number(out, std::uint64_t{shape.rate} * shape.frame_bytes(), 4);
  append_number(out, shape.frame_bytes(), 2);
  append_number(out, bits, 2);
  if (plain) return;
  append_number(out, 22, 2);    // bytes that follow
  append_number(out, bits, 2);  // of a sample that count: all
  append_number(out, shape.channels == 1 ? 4 : shape.channels == 2 ? 3 : 0, 4);  // speakers
  append_number(out, tag, 2);
  append_text(out, {"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14});
}

// The header in front of that many bytes of samples. Its length does not depend
// on them: the place of RF64's sizes is there from the beginning.
std::vector<std::byte> make_header(const Shape& shape, std::uint64_t data_bytes) {
  std::vector<std::byte> fmt;
  append_shape(fmt, shape);
  const std::uint64_t riff_bytes = kShapeAt - 8 + fmt.size() + 8 + data_bytes;
  const bool large = riff_bytes > kSizeMax32;
  std::vector<std::byte> out;
  append_text(out, large ? "RF64" : "RIFF");
  append_number(out, large ? kSizeMax32 : riff_bytes, 4);
  append_text(out, "WAVE");
  append_text(out, large ? "ds64" : "JUNK");
  append_number(out, 28, 4);
  append_number(out, large ? riff_bytes : 0, 8);
  append_number(out, large ? data_bytes : 0, 8);
  append_number(out, large ? data_bytes / shape.frame_bytes() : 0, 8);
  append_number(out, 0, 4);
  out.insert(out.end(), fmt.begin(), fmt.end());
  append_text(out, "data");
  append_number(out, large ? kSizeMax32 : data_bytes, 4);
  return out;
}

class WavWriter final : public SoundWriter {
 public:
  WavWriter(Fd fd, std::string path, const Shape& shape)
      : fd_(std::move(fd)), path_(std::move(path)), shape_(shape) {}

  Result<> begin() {
    if (::ftruncate(fd_.get(), 0) != 0 && errno != EINVAL)
      return failed(Errc::internal, "emptying", path_);
    data_bytes_ = 0;
    return mend_header();
  }

  // Behind the last whole sample of what is there.
  Result<> go_on() {
    const auto size = ::lseek(fd_.get(), 0, SEEK_END);
    std::vector<std::byte> mine = make_header(shape_, 0);
    if (size < static_cast<off_t>(mine.size())) return begin();
    std::vector<std::byte> found(mine.size());
    if (::pread(fd_.get(), found.data(), found.size(), 0) != static_cast<ssize_t>(found.size()))
      return failed(Errc::internal, "reading", path_);
    if (!std::equal(mine.begin() + kShapeAt, mine.end() - kDataSizeBytes, found.begin() + kShapeAt))
      return fail(Errc::invalid,
                  "'" + path_ + "' is not a WAV with sound of " + std::to_string(shape_.channels) +
                      " channels at " + std::to_string(shape_.rate) + " Hz in " +
                      wire::EnumNameSampleFormat(shape_.format) + ", expected one to go on with");
    const std::uint64_t samples_bytes = static_cast<std::uint64_t>(size) - mine.size();
    data_bytes_ = samples_bytes - samples_bytes % shape_.frame_bytes();
    const auto end = static_cast<off_t>(mine.size() + data_bytes_);
    if (::ftruncate(fd_.get(), end) != 0) return failed(Errc::internal, "mending", path_);
    return mend_header();
  }

  Result<> write(Bytes samples) override {
    DKVM_CHECK(write_at(header_bytes_ + data_bytes_, samples));
    data_bytes_ += samples.size();
    const std::uint64_t second = std::uint64_t{shape_.rate} * shape_.frame_bytes();
    return data_bytes_ - mended_bytes_ >= second ? mend_header() : Result<>{};
  }

  Result<> finish() override { return mend_header(); }

 private:
  Result<> mend_header() {
    const auto header = make_header(shape_, data_bytes_);
    header_bytes_ = header.size();
    mended_bytes_ = data_bytes_;
    return write_at(0, header);
  }

  Result<> write_at(std::uint64_t at, Bytes rest) {
    while (!rest.empty()) {
      const ssize_t written = ::pwrite(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed(Errc::exhausted, "writing", path_);
      at += static_cast<std::uint64_t>(written);
      rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Fd fd_;
  std::string path_;
  Shape shape_;
  std::size_t header_bytes_ = 0;
  std::uint64_t data_bytes_ = 0;
  std::uint64_t mended_bytes_ = 0;  // as many as the header says
};

}  // namespace

Result<std::unique_ptr<SoundWriter>> write_wav(const std::string& path, std::uint32_t rate,
                                               std::uint8_t channels, SampleFormat format,
                                               Begin begin) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return failed(Errc::not_found, "opening", path);
  auto writer = std::make_unique<WavWriter>(std::move(fd), path, Shape{rate, channels, format});
  DKVM_CHECK(begin == Begin::anew ? writer->begin() : writer->go_on());
  return writer;
}

}  // namespace dkvm::media
