#pragma once

#include <dkvm/picture.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

// Pixels as a window takes them: B G R x, 4 bytes each, row by row without gaps.
namespace dkvm::x11 {

inline constexpr std::size_t kPixelBytes = 4;

// Writes a picture's area to its place in the pixels of the whole picture.
// Shape: into holds picture.width x picture.height pixels
void copy_into(const Picture& picture, std::span<std::byte> into);

// Scales what is needed for one part of the result, and writes no more than that.
// Shape: from and into hold so many pixels; part lies in the result
void scale_part(std::span<const std::byte> from, std::uint32_t from_width,
                std::uint32_t from_height, std::span<std::byte> into, std::uint32_t into_width,
                std::uint32_t into_height, const Rect& part);

// Lays an image over pixels: B G R A, alpha premultiplied, with its own alpha.
// Shape: both hold as many pixels
void blend_over(std::span<const std::uint32_t> image, std::span<std::uint32_t> pixels);

}  // namespace dkvm::x11
