#pragma once

#include <dkvm/session.hpp>

#include <cstdint>
#include <vector>

namespace dkvm::detail {

// The word that a pool is closed, which the kernel waits for.
class ClosedPools {
 public:
  // Life: session outlives this.
  explicit ClosedPools(Session& session) : session_(session) {}

  // With the next batch, or with a later one while the kernel does not read.
  void say(std::uint32_t id) {
    unsaid_.push_back(id);
    [[maybe_unused]] const auto said = write();  // kept, and tried again
  }

  // Errors: Errc::overloaded, Errc::disconnected; what could not be said is kept.
  Result<> write() {
    while (!unsaid_.empty()) {
      wire::PoolIdT message;
      message.pool = unsaid_.front();
      DKVM_CHECK(session_.send_table({.kind = wire::FrameKind::pool_closed}, message));
      unsaid_.erase(unsaid_.begin());
    }
    return {};
  }

 private:
  Session& session_;
  std::vector<std::uint32_t> unsaid_;  // no more than there are pools
};

}  // namespace dkvm::detail
