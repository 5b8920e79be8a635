#pragma once

#include <dkvm/frame.hpp>

#include <cstdint>

namespace dkvm::media {

// CRC-32 as zlib, PNG and Python's zlib.crc32 have it, of `before`'s bytes and
// these behind them.
std::uint32_t crc32(Bytes bytes, std::uint32_t before = 0);

}  // namespace dkvm::media
