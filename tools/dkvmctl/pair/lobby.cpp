#include "tools/dkvmctl/pair/lobby.hpp"

#include "tools/dkvmctl/pair/limits.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace dkvm::ctl {

Result<std::optional<PairStream>> Lobby::next(PairClock::time_point until) {
  for (;;) {
    if (auto speaker = who_speaks()) return speaker;
    if (PairClock::now() >= until) return std::nullopt;
    DKVM_CHECK(wait(until));
    DKVM_CHECK(let_in());
  }
}

Result<> Lobby::wait(PairClock::time_point until) {
  std::vector<pollfd> waiting;
  for (const int door : listener_.fds()) waiting.push_back({door, POLLIN, 0});
  for (const Guest& guest : guests_) {
    waiting.push_back({guest.stream.fd(), guest.stream.waits_for(), 0});
    until = std::min(until, guest.end);
  }
  ::poll(waiting.data(), waiting.size(), millis_until(until));
  return {};
}

Result<> Lobby::let_in() {
  const auto too_far = [this](const std::string& address) {
    gone_(address,
          "it is on no network near this machine (private, link-local), and was turned away; "
          "--reach anywhere lets it in");
  };
  for (std::size_t i = 0; i < kPairWaitingMax; ++i) {  // then those who are here are heard
    DKVM_TRY(auto connected, listener_.accept(PairClock::now(), too_far));
    if (!connected) return {};
    if (guests_.size() >= kPairWaitingMax) {
      gone_(guests_.front().stream.address(), "it said nothing, and others came");
      guests_.pop_front();
    }
    DKVM_TRY(auto stream, PairStream::begin(std::move(*connected), own_, trust::Role::server));
    guests_.push_back({std::move(stream), PairClock::now() + kPairStepTimeMax});
  }
  return {};
}

std::optional<PairStream> Lobby::who_speaks() {
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    const auto heard = guest->stream.has_spoken();
    if (heard && *heard) {
      PairStream speaker = std::move(guest->stream);
      guests_.erase(guest);
      return speaker;
    }
    const bool late = PairClock::now() >= guest->end;
    if (heard && !late) {
      ++guest;
      continue;
    }
    gone_(guest->stream.address(), heard ? "it said nothing in time" : heard.error().message());
    guest = guests_.erase(guest);
  }
  return std::nullopt;
}

}  // namespace dkvm::ctl
