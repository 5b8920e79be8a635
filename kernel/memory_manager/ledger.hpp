#pragma once

#include "kernel/memory_manager/pool_books.hpp"
#include "pipelines/buffer_account.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace dkvm {

// The books of all pools, as events and releases name them. Pure.
// Errors: Errc::corrupt (whoever asked for it ends), which name pool, slot and
//         generation and what was expected; nothing has changed then, but for
//         what released() did before.
class Ledger final : public BufferAccount {
 public:
  // The pool's number must be new.
  PoolBooks& add(std::uint32_t pool, const PoolShape& shape);
  // It must be drained; what its producer still has is forgotten.
  void remove(std::uint32_t pool);
  PoolBooks* find(std::uint32_t pool);
  std::size_t size() const { return pools_.size(); }

  // One event of the source; it stays in the books until settle().
  Result<> publish(PortRef source, Bytes refs);
  void settle(Bytes refs);
  Result<> released(PortRef sink, Bytes refs);

  // BufferAccount: guests get an account by asking.
  bool room(PortRef sink, Bytes refs) override;
  void hold(PortRef sink, Bytes refs) override;
  void drop(PortRef sink, Bytes refs) override;
  bool lease(PortRef sink, Bytes refs) override;

 private:
  PoolBooks& known(std::uint32_t pool);

  std::unordered_map<std::uint32_t, std::unique_ptr<PoolBooks>> pools_;
};

}  // namespace dkvm
