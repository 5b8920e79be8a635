#pragma once

#include "kernel/loop/unique_fd.hpp"
#include "kernel/loop/worker.hpp"

#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace dkvm {

// The memory of one pool. The kernel never maps it: it makes, seals and shares
// it, and lets go of it.
class PoolMemory {
 public:
  virtual ~PoolMemory() = default;

  // For pool_open of the producer; null: by name.
  virtual std::shared_ptr<const UniqueFd> writable() const = 0;
  // Nobody can map it for writing from now on; what is mapped stays so.
  // Errors: Errc::denied, saying what its producer did to it.
  virtual Result<> seal() = 0;
  // For pool_open of consumers, after seal(): can be read and nothing else.
  virtual std::shared_ptr<const UniqueFd> readable() const = 0;
  // Of a named pool; empty otherwise.
  virtual std::string name() const { return {}; }
};

// A memfd whose size cannot change. Microseconds, whatever its size: its pages
// come when they are touched.
// Life: the worker outlives it and what it gave away; descriptors are closed
//       there, as the last one frees all pages.
// Errors: Errc::exhausted when the system has no descriptor or memory left.
Result<std::unique_ptr<PoolMemory>> make_memfd(std::uint32_t pool, std::uint64_t bytes,
                                               Worker& worker);

// The portable fallback: memory with a name, which cannot be sealed, so that
// those who open it must be trusted. The name is removed with the object, and
// says whose it is: `dkvm-<process>-<its start>-<pool>`.
// Life:   as above.
// Errors: as above.
Result<std::unique_ptr<PoolMemory>> make_named(std::uint32_t pool, std::uint64_t bytes,
                                               Worker& worker);

// Removes named pools of kernels that are no more, and returns how many.
std::size_t sweep_named_pools();

// The system's.
std::uint64_t page_bytes();

}  // namespace dkvm
