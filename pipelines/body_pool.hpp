#pragma once

#include <dkvm/limits.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <vector>

namespace dkvm::detail {

// Memory for what does not fit into a queue entry: a few sizes, each with a
// bounded stock, so that a steady stream allocates nothing.
class BodyPool {
 public:
  using Block = std::unique_ptr<std::byte[]>;

  std::byte* get(std::size_t bytes) {
    const std::size_t level = level_of(bytes);
    auto& stock = stock_[level];
    if (stock.empty()) return new std::byte[bytes_of(level)];
    std::byte* block = stock.back().release();
    stock.pop_back();
    return block;
  }

  void put(std::byte* block, std::size_t bytes) {
    const std::size_t level = level_of(bytes);
    Block owned(block);
    if (stock_[level].size() < kStockBytesMax / bytes_of(level))
      stock_[level].push_back(std::move(owned));
  }

 private:
  static constexpr std::size_t kSmallestBits = 8;  // 256 bytes
  static constexpr std::size_t kLevels = 10;       // .. 128 KiB
  static constexpr std::size_t kStockBytesMax = 256 * 1024;
  static_assert((std::size_t{1} << (kSmallestBits + kLevels - 1)) >= kFrameBytesMax);

  static std::size_t level_of(std::size_t bytes) {
    const auto bits = static_cast<std::size_t>(std::bit_width(bytes - 1));
    return bits <= kSmallestBits ? 0 : bits - kSmallestBits;
  }
  static std::size_t bytes_of(std::size_t level) {
    return std::size_t{1} << (level + kSmallestBits);
  }

  std::array<std::vector<Block>, kLevels> stock_;
};

}  // namespace dkvm::detail
