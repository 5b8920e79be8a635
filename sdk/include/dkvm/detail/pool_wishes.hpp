#pragma once

#include <dkvm/detail/number_in_json.hpp>
#include <dkvm/detail/producer.hpp>
#include <dkvm/limits.hpp>
#include <dkvm/pool.hpp>
#include <dkvm/rpc.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::detail {

// One open_pool() of a port, until the kernel has agreed.
struct PoolWish {
  std::uint16_t port = 0;
  std::shared_ptr<Producer> producer{};  // with its port
  std::shared_ptr<const PoolOptions> options{};
  std::uint64_t ticket = 0;
  std::uint64_t closes = 0;  // of this device's pools, when it was last asked

  // The port is closed, or wants another pool by now.
  bool overtaken() const { return producer->closed || producer->asked != ticket; }
};

// Errors: Errc::invalid.
inline Result<> check_pool(const PoolOptions& options) {
  if (options.slot_bytes != 0 && options.slots != 0 && options.slots <= kWriterSlotsMax) return {};
  return fail(Errc::invalid, "opening a pool of " + std::to_string(options.slots) + " slots of " +
                                 std::to_string(options.slot_bytes) + " bytes: expected 1 to " +
                                 std::to_string(kWriterSlotsMax) + " slots of at least 1 byte");
}

// The body of `memory.pool`.
inline std::string body_of(const PoolWish& wish) {
  return "{\"port\":" + std::to_string(wish.port) +
         ",\"slot_bytes\":" + std::to_string(wish.options->slot_bytes) +
         ",\"slots\":" + std::to_string(wish.options->slots) + ",\"memory\":\"" +
         wire::EnumNameMemoryKind(wish.options->memory) + "\"}";
}

// The number of the pool that the kernel has promised.
inline Result<std::uint32_t> pool_in(const Answer& answer) {
  if (!answer) return fail(answer.error());
  const auto pool = number_in_json(*answer, "pool");
  if (!pool || *pool > UINT32_MAX)
    return fail(Errc::corrupt, "the kernel's answer names no pool: " + *answer);
  return static_cast<std::uint32_t>(*pool);
}

// Wishes that the kernel found no memory for, while pools of this device that count
// against its limit were about to close: each is asked for again when one has.
// Limit: one a port, as a later wish overtakes an earlier one
class PoolWishes {
 public:
  // A pool of this device has closed.
  void count_close() { ++closes_; }
  std::uint64_t closes() const { return closes_; }

  void wait(PoolWish wish, Error error) {
    if (!wish.overtaken()) waiting_.push_back({std::move(wish), std::move(error)});
  }

  bool any() const { return !waiting_.empty(); }

  // ask(wish) again where a pool has closed since; without that, and with none about
  // to close, refuse(wish, error). Both may wish anew.
  template <class Ask, class Refuse>
  void settle(bool more_will_close, Ask&& ask, Refuse&& refuse) {
    for (Waiting& each : std::exchange(waiting_, {})) {
      if (each.wish.overtaken()) continue;
      if (each.wish.closes != closes_)
        ask(std::move(each.wish));
      else if (more_will_close)
        waiting_.push_back(std::move(each));
      else
        refuse(each.wish, each.error);
    }
  }

 private:
  struct Waiting {
    PoolWish wish;
    Error error;
  };

  std::uint64_t closes_ = 0;
  std::vector<Waiting> waiting_;
};

}  // namespace dkvm::detail
