#pragma once

#include "tools/dkvmctl/pair/address.hpp"

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::ctl {

using PairClock = std::chrono::steady_clock;

// From how far away somebody may be: --reach.
enum class Reach { lan, anywhere };

struct Connected {
  detail::Fd socket;  // does not block
  std::string address;
};

// Where others can connect to. One that is named by `where`; without it all
// addresses of this machine, at kPairPort.
class PairListener {
 public:
  static Result<PairListener> open(const std::optional<HostPort>& where, Reach reach);

  // The next one who comes; nothing when nobody does by then. Those from too far
  // away are turned away, which `turned_away` hears of.
  template <class TurnedAway>
  Result<std::optional<Connected>> accept(PairClock::time_point until, TurnedAway&& turned_away) {
    for (;;) {
      DKVM_TRY(auto next, accept_any(until));
      if (!next || next->near || reach_ == Reach::anywhere)
        return next ? std::optional(std::move(next->connected)) : std::nullopt;
      turned_away(next->connected.address);
    }
  }

  // Readable when somebody comes.
  std::vector<int> fds() const;

  // `0.0.0.0:24861`, with the port that it really is.
  std::vector<std::string> addresses() const;

 private:
  struct Comer {
    Connected connected;
    bool near = false;
  };
  Result<std::optional<Comer>> accept_any(PairClock::time_point until);

  std::vector<detail::Fd> sockets_;
  Reach reach_ = Reach::lan;
};

// Tries all addresses of the host in turn.
// Errors: of the last one; Errc::denied when all are too far away.
Result<Connected> connect_to(const HostPort& where, Reach reach);

// For poll(): not before, and 0 when it is over.
int millis_until(PairClock::time_point until);

// Waits until the descriptor is ready. Errors: Errc::timeout.
Result<> wait_ready(int fd, short events, PairClock::time_point until);

}  // namespace dkvm::ctl
