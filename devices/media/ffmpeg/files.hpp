#pragma once

#include "devices/media/codecs.hpp"

#include <memory>
#include <string>

// What Codecs promises, by FFmpeg.
namespace dkvm::media {

Result<std::unique_ptr<PictureReader>> read_video(const std::string& path, const PictureWish& wish);
Result<std::unique_ptr<PictureWriter>> write_video(const std::string& path, double rate,
                                                   Begin begin);
Result<> check_video(const std::string& path);
Result<std::unique_ptr<SoundReader>> read_audio(const std::string& path, const SoundWish& wish);

}  // namespace dkvm::media
