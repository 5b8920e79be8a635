#pragma once

#include <dkvm/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The life of a link: what happens when, without a socket in it.
// Source: docs/links.md, "The life of a link".
namespace dkvm::tcp {

enum class LinkState : std::uint8_t {
  connecting,  // the first dials are under way
  up,
  degraded,  // silent, or without a bulk connection
  down,      // not there; it is tried again, or waited for
  refused,   // one side does not want the other; tried again after a pause
};

constexpr std::string_view name(LinkState state) {
  switch (state) {
    case LinkState::connecting: return "connecting";
    case LinkState::up: return "up";
    case LinkState::degraded: return "degraded";
    case LinkState::down: return "down";
    case LinkState::refused: return "refused";
  }
  return "unknown";
}

// Number of an input connection, counted by who makes them; 0 is none.
using ConnectionId = std::uint64_t;

// What is to be done, in this order.
struct LinkAction {
  enum class Kind : std::uint8_t {
    dial_input,    // answered by joined() or dial_failed()
    dial_bulk,     // answered by bulk_joined() or bulk_dial_failed()
    cancel_input,  // the dials under way: no answer any more
    cancel_bulk,
    ping,   // on `connection`
    close,  // `connection`; with `why` its peer is told so first
    adopt,  // `connection` is the link's from here on
    up,
    silent,
    alive,
    down,
    status,  // for the handler, each as its function is named
  };
  Kind kind;
  ConnectionId connection = 0;
  bool resumed = false;                     // of up
  std::optional<Error> why{};               // of close and down
  std::chrono::milliseconds come_again{0};  // of close: not before
};

using LinkActions = std::vector<LinkAction>;

// One peer's link. Every function takes the present time and gives what is to
// be done now; due() says when tick() is next.
//
// A session outlives its connections: while it is alive another connection may
// take it over. The side that dials decides which of two is used, by sending on
// it: so both sides agree.
class LinkLife {
 public:
  enum class Role : std::uint8_t { dials, listens };

  // random(least, most), both included; milliseconds here.
  using Random = std::function<std::uint64_t(std::uint64_t least, std::uint64_t most)>;

  // cut_pause: how long who broke a rule stays out.
  LinkLife(Role role, Random random, std::chrono::milliseconds cut_pause)
      : role_(role), random_(std::move(random)), cut_pause_(cut_pause) {}

  // The peer is trusted: dials begin, connections are welcome.
  LinkActions begin(std::uint64_t now_ns);
  // It is not, or not any more: whatever there is ends.
  LinkActions forbid(const Error& why, std::uint64_t now_ns);

  // An input connection has said hello. resumed: to the session that there is.
  LinkActions joined(ConnectionId connection, bool resumed, std::uint64_t now_ns);
  // Bytes came over it.
  LinkActions heard(ConnectionId connection, std::uint64_t now_ns);
  LinkActions lost(ConnectionId connection, const Error& why, std::uint64_t now_ns);
  // Errc::denied, and Errc::overloaded for a while: one side refuses the other.
  LinkActions dial_failed(const Error& why, std::uint64_t now_ns);

  LinkActions bulk_joined(std::uint64_t now_ns);
  LinkActions bulk_lost(std::uint64_t now_ns);
  LinkActions bulk_dial_failed(std::uint64_t now_ns);

  // The peer has said stop, and when it is to be tried again: at once with 0.
  LinkActions stopped(const Error& why, std::chrono::milliseconds come_again, std::uint64_t now_ns);
  // The peer broke a rule.
  LinkActions cut(const Error& why, std::uint64_t now_ns);
  // This side ends: says so, and is over.
  LinkActions end(const Error& why, std::uint64_t now_ns);

  LinkActions network_changed(std::uint64_t now_ns);
  LinkActions tick(std::uint64_t now_ns);

  // When tick() has something to do; 0: not by itself.
  std::uint64_t due() const;

  LinkState state() const;
  const std::string& reason() const;
  std::uint64_t since_ns() const { return since_ns_; }
  // A session that a connection may resume.
  bool session() const { return session_; }
  // The connection that works; 0: none does.
  ConnectionId connection() const { return connection_; }
  bool is_silent() const { return silent_; }
  // So long nobody is let in who dials, for what reason() says; 0: the peer is welcome.
  std::chrono::milliseconds out_for(std::uint64_t now_ns) const;

 private:
  LinkActions settle(LinkActions actions, std::uint64_t now_ns);
  void take(ConnectionId connection, bool resumed, LinkActions& actions, std::uint64_t now_ns);
  void fall_silent(LinkActions& actions, std::uint64_t now_ns);
  void end_session(const Error& why, LinkActions& actions,
                   std::optional<std::chrono::milliseconds> tell = std::nullopt);
  void stop_dialling(LinkActions& actions);
  void dial_in(std::chrono::milliseconds pause, std::uint64_t now_ns);
  void dial_again(std::uint64_t now_ns);
  void dial_bulk_again(std::uint64_t now_ns);
  bool bulk_is_missing(std::uint64_t now_ns) const;
  bool dials() const { return role_ == Role::dials && trusted_; }

  Role role_;
  Random random_;
  std::chrono::milliseconds cut_pause_;
  bool trusted_ = false;
  std::uint64_t out_until_ns_ = 0;  // listens: it was cut

  bool session_ = false;
  ConnectionId connection_ = 0;
  ConnectionId candidate_ = 0;  // listens: a second one, not used by the peer yet
  std::uint64_t candidate_ns_ = 0;
  std::uint64_t heard_ns_ = 0;
  std::uint64_t ping_ns_ = 0;  // when the next is due
  bool silent_ = false;

  bool dialing_ = false;
  std::uint64_t dial_ns_ = 0;     // when the next is due; 0: none is
  std::uint64_t dialed_ns_ = 0;   // when the last began
  std::uint64_t failing_ns_ = 0;  // since when there has been no connection
  bool bulk_ = false;
  bool bulk_dialing_ = false;
  std::uint64_t bulk_dial_ns_ = 0;
  std::uint64_t bulk_missing_ns_ = 0;
  bool degraded_ = false;  // for want of a bulk connection

  std::optional<Error> refused_;
  bool tried_ = false;
  std::string reason_;
  LinkState told_ = LinkState::down;
  std::string told_reason_;
  std::uint64_t since_ns_ = 0;
};

}  // namespace dkvm::tcp
