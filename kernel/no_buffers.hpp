#pragma once

#include "pipelines/buffer_account.hpp"

namespace dkvm {

// The account of a kernel without a memory manager: events have no buffers whose
// books would have to be kept.
class NoBuffers final : public BufferAccount {
 public:
  bool room(PortRef, Bytes) override { return true; }
  void hold(PortRef, Bytes) override {}
  void drop(PortRef, Bytes) override {}
  bool lease(PortRef, Bytes) override { return true; }
};

}  // namespace dkvm
