#pragma once

#include <dkvm/limits.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dkvm::dummy {

// The codes that are down, in ascending order; at most kInputCodesMax of them,
// further ones are not remembered.
class HeldCodes {
 public:
  void set(std::uint16_t code, bool down) {
    const auto at = std::lower_bound(codes_.begin(), codes_.end(), code);
    const bool known = at != codes_.end() && *at == code;
    if (down && !known && codes_.size() < kInputCodesMax) codes_.insert(at, code);
    if (!down && known) codes_.erase(at);
  }

  bool empty() const { return codes_.empty(); }
  const std::vector<std::uint16_t>& codes() const { return codes_; }

 private:
  std::vector<std::uint16_t> codes_;
};

}  // namespace dkvm::dummy
