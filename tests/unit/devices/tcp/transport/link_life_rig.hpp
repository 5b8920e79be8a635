#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/transport/link_life.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace dkvm::tcp::test {

using namespace std::chrono_literals;

using Kind = LinkAction::Kind;

inline constexpr std::chrono::milliseconds kCutPause{7000};

inline const char* word(Kind kind) {
  switch (kind) {
    case Kind::dial_input: return "dial";
    case Kind::dial_bulk: return "dial-bulk";
    case Kind::cancel_input: return "cancel";
    case Kind::cancel_bulk: return "cancel-bulk";
    case Kind::ping: return "ping";
    case Kind::close: return "close";
    case Kind::adopt: return "adopt";
    case Kind::up: return "up";
    case Kind::silent: return "silent";
    case Kind::alive: return "alive";
    case Kind::down: return "down";
    case Kind::status: return "status";
  }
  return "?";
}

// A life on a clock of its own, which is turned as its rim would: a tick whenever one is
// due. What is to be done stands in `done` as text, without pings and words of the state.
struct LinkLifeRig {
  explicit LinkLifeRig(LinkLife::Role role)
      : life(
            role,
            [this](std::uint64_t least, std::uint64_t most) {
              least_asked = least;
              most_asked = most;
              return most;
            },
            kCutPause) {}

  void take(const LinkActions& actions) {
    for (const auto& action : actions) {
      if (action.kind == Kind::ping) ++pings;
      if (action.kind == Kind::status) ++words;
      if (action.kind == Kind::ping || action.kind == Kind::status) continue;
      if (!done.empty()) done += ' ';
      done += word(action.kind);
      if (action.kind == Kind::adopt || action.kind == Kind::close)
        done += std::to_string(action.connection);
      if (action.kind == Kind::up && action.resumed) done += "-again";
      if (action.kind == Kind::close && action.why)
        done += fmt::format("({})", action.come_again.count());
    }
  }
  std::string taken() { return std::exchange(done, {}); }

  // Lets time pass; the connections that are heard bring bytes every 100 ms.
  void pass(std::chrono::milliseconds time, ConnectionId heard = 0) {
    const std::uint64_t end = now + static_cast<std::uint64_t>(time.count()) * 1'000'000;
    std::uint64_t bytes = now;
    for (;;) {
      std::uint64_t next = life.due() == 0 ? end : std::max(life.due(), now);
      if (heard != 0) next = std::min(next, bytes);
      if (next > end) break;
      now = next;
      if (heard != 0 && now >= bytes) {
        take(life.heard(heard, now));
        bytes += 100'000'000;
      }
      if (life.due() != 0 && life.due() <= now) take(life.tick(now));
      if (now >= end) break;
    }
    now = end;
  }

  // The link has been up for a second, with both of its connections.
  void connect() {
    take(life.begin(now));
    take(life.joined(1, false, now));
    take(life.bulk_joined(now));
    pass(1s, 1);
    REQUIRE(life.state() == tcp::LinkState::up);
    done.clear();
    pings = 0;
  }

  std::uint64_t now = 1'000'000'000'000;
  std::uint64_t least_asked = 0, most_asked = 0;
  LinkLife life;
  std::string done;
  int pings = 0, words = 0;
};

inline const Error kGone(Errc::disconnected, "the connection is gone");
inline const Error kDenied(Errc::denied, "not trusted there");

}  // namespace dkvm::tcp::test
