#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/streams/outgoing.hpp"

namespace dkvm::tcp {

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
