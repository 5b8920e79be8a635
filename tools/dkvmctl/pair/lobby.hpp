#pragma once

#include "tools/dkvmctl/pair/sockets.hpp"
#include "tools/dkvmctl/pair/stream.hpp"
#include "trust/identity.hpp"

#include <dkvm/result.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace dkvm::ctl {

// Who comes to pair and has not said hello yet: several at a time, so that one who is
// silent keeps nobody else waiting. When there are more than kPairWaitingMax the oldest
// goes; nobody stays for longer than kPairStepTimeMax.
class Lobby {
 public:
  // Hears who went, and why: an address and words.
  using Gone = std::function<void(const std::string& address, const std::string& why)>;

  // Life: all of them outlive it.
  Lobby(PairListener& listener, const trust::Identity& own, Gone gone)
      : listener_(listener), own_(own), gone_(std::move(gone)) {}

  // The next one who has shaken hands by TLS, with a certificate, and said hello; nothing
  // when nobody has by then.
  // Errors: those of PairListener::accept().
  Result<std::optional<PairStream>> next(PairClock::time_point until);

 private:
  struct Guest {
    PairStream stream;
    PairClock::time_point end;
  };

  Result<> wait(PairClock::time_point until);
  Result<> let_in();
  std::optional<PairStream> who_speaks();

  PairListener& listener_;
  const trust::Identity& own_;
  Gone gone_;
  std::deque<Guest> guests_;  // the oldest first
};

}  // namespace dkvm::ctl
