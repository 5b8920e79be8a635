#pragma once

#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/picture.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

// Decoded pictures as XR24, by libyuv.
namespace dkvm::codec {

// Errors: Errc::unsupported for a pixel format that is none of those here: planes of
//         8 bits (4:2:0, 4:2:2, 4:4:4) and of 10 bits (4:2:0).
Result<> check_convertible(const AVFrame& frame);

// Writes an area of the picture, in the colours that the picture says it has (BT.601 or,
// from 720 lines up, BT.709 where it does not say), row behind row without gaps.
// Shape: check_convertible(frame); area begins at even x and y and lies within the
//        frame; out holds area.width x area.height pixels of 4 bytes
void convert_area(const AVFrame& frame, const Rect& area, std::span<std::byte> out);

// The least area with all pixels that differ, of whole blocks of 2x2 within width x height;
// empty when none does.
// Shape: both frames are at least that large
Rect changed_area(const AVFrame& before, const AVFrame& after, std::uint32_t width,
                  std::uint32_t height);

}  // namespace dkvm::codec
