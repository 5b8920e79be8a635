#pragma once

#include "devices/tcp/streams/incoming.hpp"
#include "devices/tcp/streams/input_outgoing.hpp"

namespace dkvm::tcp {

// Keys, motion, sound of the peer. What comes with a buffer is put into a slot of
// a small pool as its chunks come.
class InputIncoming final : public Incoming {
 public:
  using Incoming::Incoming;

  bool on_bulk() const override { return false; }
  Result<> event(const Frame& event) override;
  Result<> chunk(const Frame& chunk) override;
  Result<> need(std::uint64_t slot_bytes) override;
  void tell_again() override;

 private:
  // An event whose body is still coming; without a slot it is read past.
  struct Body {
    std::vector<std::byte> event;
    std::uint64_t sequence = 0;
    std::uint64_t total = 0;
    std::uint64_t got = 0;
    Slot slot{};
  };

  void opened() override;
  Result<> begin_body(const Frame& event);
  Result<> end_body();

  static constexpr unsigned kSlots = 8;

  std::optional<Body> body_;
};

}  // namespace dkvm::tcp
