#pragma once

#include <dkvm/limits.hpp>

#include <cstdint>
#include <unordered_set>

namespace dkvm::tcp {

// Ids for ports as they come and go; one that was given back is used again as
// late as can be, so that what is under way for it meets nobody else.
class PortIds {
 public:
  // 0 when all are taken.
  std::uint16_t take() {
    if (taken_.size() >= kPortsPerDeviceMax) return 0;
    do last_ = last_ >= kKernelPort - 1 ? std::uint16_t{1} : static_cast<std::uint16_t>(last_ + 1);
    while (taken_.contains(last_));
    taken_.insert(last_);
    return last_;
  }
  void give_back(std::uint16_t id) { taken_.erase(id); }

 private:
  std::uint16_t last_ = 0;
  std::unordered_set<std::uint16_t> taken_;
};

}  // namespace dkvm::tcp
