#pragma once

#include <dkvm/detail/pool.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace dkvm::detail {

// What a source port knows of its pools. Each open_pool() has a ticket: slots
// are lent of the latest that was not refused, and of no other.
struct Producer {
  std::shared_ptr<Pool> current{};               // where slots were granted last
  std::shared_ptr<const PoolOptions> options{};  // of `granted`
  std::uint64_t asked = 0;
  std::uint64_t wanted = 0;
  std::uint64_t granted = 0;
  std::size_t unanswered = 0;  // calls for pools
  std::uint64_t exhausted = 0;
  bool closed = false;  // the port is; answers may still come
  std::function<void()> on_slots{};
  std::function<void(const Error&)> on_refused{};

  bool has_slot() const {
    return current && current->ticket == wanted && !current->closing && !current->stock.empty();
  }
};

}  // namespace dkvm::detail
