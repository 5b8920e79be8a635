#pragma once

#include "devices/media/codecs.hpp"

#include <memory>
#include <string>

namespace dkvm::media {

// Files of pixels and nothing else, picture behind picture.
// Errors: Errc::invalid without a size in the wish; reading one that ends within
//         a picture is Errc::invalid there.
Result<std::unique_ptr<PictureReader>> read_raw_pictures(const std::string& path,
                                                         const PictureWish& wish);
// Goes on behind the last whole picture of the size that comes first.
Result<std::unique_ptr<PictureWriter>> write_raw_pictures(const std::string& path, Begin begin);

}  // namespace dkvm::media
