#pragma once

#include <dkvm/frame.hpp>
#include <dkvm/rpc.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::detail {

// Granted slots on their way back to the kernel, unpublished (`memory.release`).
class GivenBack {
 public:
  // Life: calls outlives this.
  explicit GivenBack(Calls& calls) : calls_(calls) {}

  // At once, or with a later batch.
  void give(std::uint16_t port, const wire::BufferRef& slot) {
    unsent_.push_back("{\"port\":" + std::to_string(port) + ",\"pool\":" +
                      std::to_string(slot.pool()) + ",\"slot\":" + std::to_string(slot.slot()) +
                      ",\"generation\":" + std::to_string(slot.generation()) + "}");
    write();
  }

  // What cannot be sent, with too many calls waiting or a kernel that does not
  // read, is kept. Refused by the kernel: it has the slot back with its port.
  void write() {
    while (!unsent_.empty()) {
      if (!calls_.call("kernel", "memory.release", unsent_.back(), {}, kCallTimeDefault)) return;
      unsent_.pop_back();
    }
  }

 private:
  Calls& calls_;
  std::vector<std::string> unsent_;  // bodies; no more than there are slots
};

}  // namespace dkvm::detail
