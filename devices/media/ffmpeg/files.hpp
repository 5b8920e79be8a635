#pragma once

#include "devices/media/codecs.hpp"

#include <memory>
#include <string>

// What Codecs promises, by FFmpeg.
namespace dkvm::media {

Result<std::unique_ptr<PictureReader>> read_video(const std::string& path, const PictureWish& wish);
Result<std::unique_ptr<PictureWriter>> write_video(const std::string& path, double rate);
Result<std::unique_ptr<SoundReader>> read_audio(const std::string& path, const SoundWish& wish);
Result<std::unique_ptr<SoundWriter>> write_wav(const std::string& path, std::uint32_t rate,
                                               std::uint8_t channels, SampleFormat format);

}  // namespace dkvm::media
