#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/streams/shared.hpp"

#include <dkvm/rpc.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace dkvm::tcp {

// Calls over a link, both ways. Who may call what is the grants' business, at the
// kernel of whoever is called.
// Life: as long as the peer is known; shared outlives it.
class PeerCalls {
 public:
  explicit PeerCalls(Shared& shared) : shared_(shared) {}
  PeerCalls(const PeerCalls&) = delete;
  PeerCalls& operator=(const PeerCalls&) = delete;
  ~PeerCalls() { end(Error(Errc::disconnected, "the link ends")); }

  // A call of this kernel for a device behind the peer: link/laptop:panel.
  void call(const Call& call, Reply reply);

  // `request`, `response` and `cancel` frames of the peer.
  // Errors: Errc::corrupt.
  Result<> frame(const Frame& frame);

  // Calls and answers, either way, that were answered `overloaded` instead.
  std::uint64_t refused() const { return refused_; }

  // The session is over: whoever waits here is told, what waits there is cancelled.
  void end(const Error& why);

 private:
  Result<> on_request(const Frame& frame);
  Result<> on_response(const Frame& frame);
  void answer(std::uint64_t id, const Answer& answer);
  bool may_send() const;
  Error overloaded(std::string why) {
    ++refused_;
    return {Errc::overloaded, std::move(why)};
  }

  Shared& shared_;
  std::uint64_t last_id_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Reply>> waiting_;  // shared with its callback
  std::map<std::uint64_t, std::uint64_t> serving_;           // the peer's id → our kernel's
};

}  // namespace dkvm::tcp
