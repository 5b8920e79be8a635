#pragma once

#include "devices/tcp/streams/outgoing.hpp"

namespace dkvm::tcp {

// Unsent bytes on the input connection from which on its streams wait: the
// kernel's queues then do as their policies say, and know what may be merged.
inline constexpr std::size_t kInputBacklogMax = 8 * 1024;
// A buffer (sound, a cursor's shape) that rides on the input connection.
inline constexpr std::size_t kInlineBodyMax = 64 * 1024;
inline constexpr std::size_t kInlineChunkBytes = 4 * 1024;

// Keys, motion, sound: on the input connection, in the order of their coming.
class InputOutgoing final : public Outgoing {
 public:
  using Outgoing::Outgoing;

  bool on_bulk() const override { return false; }
  Result<> credit(const Granted&) override;
  void refused() override {}
  void resumed() override;
  // An event of this stream goes to the peer (once more).
  void send(const Frame& event);

 private:
  bool carry(const Frame& event, const EventInfo& info) override;
  bool carry_body(const Frame& event, Bytes body);
};

}  // namespace dkvm::tcp
