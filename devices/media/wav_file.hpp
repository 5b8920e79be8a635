#pragma once

#include "devices/media/codecs.hpp"

#include <memory>
#include <string>

namespace dkvm::media {

// What Codecs has no part in: samples in a WAV file are as they are in memory.
// Past 4 GiB the file is an RF64. Its header is mended at every second of sound,
// so that what a killed program left can be played.
// Errors: with Begin::go_on also Errc::invalid for a file that is not one of
//         these with sound of this shape; it is left as it is.
Result<std::unique_ptr<SoundWriter>> write_wav(const std::string& path, std::uint32_t rate,
                                               std::uint8_t channels, SampleFormat format,
                                               Begin begin = Begin::anew);

}  // namespace dkvm::media
