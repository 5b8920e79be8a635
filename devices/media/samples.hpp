#pragma once

#include <dkvm/sound.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

// Samples of sound, in the byte order of the machine. Full scale is -1 … 1; what
// lies beyond is cut off there by the whole-numbered formats.
namespace dkvm::media {

// `s16`, `s32`, `f32`; nullopt for another name.
std::optional<SampleFormat> sample_format_from_name(std::string_view name);

// One sample.
// Shape: at has bytes_per_sample(format) bytes, aligned or not
double read_sample(SampleFormat format, const std::byte* at);
void write_sample(SampleFormat format, double value, std::byte* at);

// The same samples in another format; nothing is lost on the way to one that is
// wider, or back.
// Shape: out has room for as many samples as `samples` holds
void convert_samples(SampleFormat from, Bytes samples, SampleFormat to, std::span<std::byte> out);

}  // namespace dkvm::media
