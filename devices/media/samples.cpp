#include "devices/media/samples.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace dkvm::media {
namespace {

template <class Number>
Number load(const std::byte* at) {
  Number value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

template <class Number>
void store(Number value, std::byte* at) {
  std::memcpy(at, &value, sizeof(value));
}

// Full scale is a power of two, so that both ways are exact.
template <class Number>
Number whole(double value) {
  constexpr double kScale = -static_cast<double>(std::numeric_limits<Number>::min());
  return static_cast<Number>(std::clamp(std::nearbyint(value * kScale), -kScale, kScale - 1));
}

}  // namespace

std::optional<SampleFormat> sample_format_from_name(std::string_view name) {
  for (const SampleFormat format : wire::EnumValuesSampleFormat())
    if (name == wire::EnumNameSampleFormat(format)) return format;
  return std::nullopt;
}

double read_sample(SampleFormat format, const std::byte* at) {
  switch (format) {
    case SampleFormat::s16: return load<std::int16_t>(at) / 32'768.0;
    case SampleFormat::s32: return load<std::int32_t>(at) / 2'147'483'648.0;
    case SampleFormat::f32: return static_cast<double>(load<float>(at));
  }
  return 0;
}

void write_sample(SampleFormat format, double value, std::byte* at) {
  if (std::isnan(value)) value = 0;
  switch (format) {
    case SampleFormat::s16: return store(whole<std::int16_t>(value), at);
    case SampleFormat::s32: return store(whole<std::int32_t>(value), at);
    case SampleFormat::f32: return store(static_cast<float>(value), at);
  }
}

void convert_samples(SampleFormat from, Bytes samples, SampleFormat to, std::span<std::byte> out) {
  if (from == to) {
    std::memcpy(out.data(), samples.data(), samples.size());
    return;
  }
  const std::size_t from_bytes = bytes_per_sample(from);
  const std::size_t to_bytes = bytes_per_sample(to);
  for (std::size_t i = 0; i < samples.size() / from_bytes; ++i)
    write_sample(to, read_sample(from, samples.data() + i * from_bytes), out.data() + i * to_bytes);
}

}  // namespace dkvm::media
