#include "devices/media/samples.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

using namespace dkvm;
using namespace dkvm::media;

namespace {

template <class Number>
Number written(SampleFormat format, double value) {
  std::byte bytes[4];
  write_sample(format, value, bytes);
  Number number;
  std::memcpy(&number, bytes, sizeof(number));
  return number;
}

}  // namespace

TEST_CASE("full scale is full scale, and what lies beyond is cut off") {
  CHECK(written<std::int16_t>(SampleFormat::s16, 1) == 32'767);
  CHECK(written<std::int16_t>(SampleFormat::s16, -1) == -32'768);
  CHECK(written<std::int16_t>(SampleFormat::s16, 7) == 32'767);
  CHECK(written<std::int16_t>(SampleFormat::s16, 0.5) == 16'384);
  CHECK(written<std::int32_t>(SampleFormat::s32, 1) == std::numeric_limits<std::int32_t>::max());
  CHECK(written<std::int32_t>(SampleFormat::s32, -9) == std::numeric_limits<std::int32_t>::min());
  CHECK(written<float>(SampleFormat::f32, 1.5) == 1.5f);
  CHECK(written<std::int16_t>(SampleFormat::s16, std::numeric_limits<double>::quiet_NaN()) == 0);
}

TEST_CASE("every s16 sample comes back from s32 and from f32 as it was") {
  std::vector<std::int16_t> all(65'536);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<std::int16_t>(static_cast<int>(i) - 32'768);
  for (const SampleFormat wide : {SampleFormat::s16, SampleFormat::s32, SampleFormat::f32}) {
    std::vector<std::byte> there(all.size() * bytes_per_sample(wide));
    std::vector<std::int16_t> back(all.size());
    convert_samples(SampleFormat::s16, std::as_bytes(std::span(all)), wide, there);
    convert_samples(wide, there, SampleFormat::s16, std::as_writable_bytes(std::span(back)));
    CHECK(back == all);
  }
}

TEST_CASE("sample formats have their names") {
  CHECK(sample_format_from_name("s16") == SampleFormat::s16);
  CHECK(sample_format_from_name("s32") == SampleFormat::s32);
  CHECK(sample_format_from_name("f32") == SampleFormat::f32);
  CHECK_FALSE(sample_format_from_name("u8"));
}
