#include "devices/tcp/transport/link_life.hpp"

#include "devices/tcp/limits.hpp"

#include <algorithm>
#include <utility>

namespace dkvm::tcp {
namespace {

using Kind = LinkAction::Kind;

constexpr std::uint64_t ns(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

// The earlier of two times, where 0 is never.
std::uint64_t earlier(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return a + b;
  return std::min(a, b);
}

}  // namespace

LinkActions LinkLife::begin(std::uint64_t now_ns) {
  trusted_ = true;
  out_until_ns_ = 0;
  refused_.reset();
  tried_ = false;
  reason_ = role_ == Role::listens ? "it has not connected yet" : "";
  since_ns_ = failing_ns_ = now_ns;
  if (dials() && !session_ && !dialing_) dial_in(std::chrono::milliseconds{0}, now_ns);
  return settle({}, now_ns);
}

LinkActions LinkLife::forbid(const Error& why, std::uint64_t now_ns) {
  LinkActions actions;
  trusted_ = false;
  stop_dialling(actions);
  dial_ns_ = 0;
  end_session(why, actions, kRefusedPause);
  refused_ = why;
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::joined(ConnectionId connection, bool resumed, std::uint64_t now_ns) {
  LinkActions actions;
  if (!trusted_) {
    actions.push_back({Kind::close, connection});
    return actions;
  }
  dialing_ = false;
  dial_ns_ = 0;
  if (!resumed) {
    const bool dialled = role_ == Role::dials;
    end_session(Error(Errc::disconnected,
                      dialled ? "the peer has begun anew" : "the peer has connected anew"),
                actions,
                dialled ? std::nullopt : std::optional(std::chrono::milliseconds(kRefusedPause)));
    take(connection, false, actions, now_ns);
  } else if (role_ == Role::listens && connection_ != 0) {
    if (candidate_ != 0) actions.push_back({Kind::close, candidate_});
    candidate_ = connection;
    candidate_ns_ = now_ns;
  } else {
    take(connection, true, actions, now_ns);
  }
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::heard(ConnectionId connection, std::uint64_t now_ns) {
  LinkActions actions;
  if (connection == candidate_ && candidate_ != 0) {
    take(connection, true, actions, now_ns);
  } else if (connection != connection_ || connection_ == 0) {
    return actions;
  } else {
    heard_ns_ = now_ns;
    if (!silent_) return actions;  // the usual case, for every read
    silent_ = false;
    stop_dialling(actions);
    dial_ns_ = 0;
    actions.push_back({Kind::alive});
  }
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::lost(ConnectionId connection, const Error& why, std::uint64_t now_ns) {
  LinkActions actions;
  if (connection == candidate_ && candidate_ != 0) {
    candidate_ = 0;
    return actions;
  }
  if (connection != connection_ || connection_ == 0) return actions;
  connection_ = 0;
  reason_ = why.message();
  if (candidate_ != 0) {
    take(candidate_, true, actions, now_ns);
  } else {
    fall_silent(actions, now_ns);
    if (dials() && !dialing_) dial_in(std::chrono::milliseconds{0}, now_ns);
  }
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::dial_failed(const Error& why, std::uint64_t now_ns) {
  if (!dialing_) return {};
  dialing_ = false;
  tried_ = true;
  if (!session_) reason_ = why.message();
  LinkActions actions;
  if (why.code() == Errc::denied || why.code() == Errc::overloaded) {
    end_session(why, actions);
    refused_ = why;
    dial_in(kRefusedPause, now_ns);
  } else {
    refused_.reset();
    dial_again(now_ns);
  }
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::bulk_joined(std::uint64_t now_ns) {
  bulk_dialing_ = false;
  bulk_dial_ns_ = 0;
  bulk_ = session_;
  degraded_ = false;
  return settle({}, now_ns);
}

LinkActions LinkLife::bulk_lost(std::uint64_t now_ns) {
  if (!bulk_) return {};
  bulk_ = false;
  bulk_missing_ns_ = now_ns;
  if (dials() && !bulk_dialing_) bulk_dial_ns_ = now_ns;
  return settle({}, now_ns);
}

LinkActions LinkLife::bulk_dial_failed(std::uint64_t now_ns) {
  if (!bulk_dialing_) return {};
  bulk_dialing_ = false;
  dial_bulk_again(now_ns);
  return settle({}, now_ns);
}

LinkActions LinkLife::stopped(const Error& why, std::chrono::milliseconds come_again,
                              std::uint64_t now_ns) {
  LinkActions actions;
  stop_dialling(actions);
  end_session(why, actions);
  const auto pause = std::min(come_again, kRefusedPause);
  if (pause.count() != 0) refused_ = why;
  failing_ns_ = now_ns;
  if (dials()) dial_in(std::max(pause, std::chrono::milliseconds(kRetryPauseMin)), now_ns);
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::cut(const Error& why, std::uint64_t now_ns) {
  LinkActions actions;
  stop_dialling(actions);
  end_session(why, actions, cut_pause_);
  refused_ = why;
  if (dials())
    dial_in(cut_pause_, now_ns);
  else
    out_until_ns_ = now_ns + ns(cut_pause_);
  return settle(std::move(actions), now_ns);
}

std::chrono::milliseconds LinkLife::out_for(std::uint64_t now_ns) const {
  const std::chrono::nanoseconds left(out_until_ns_ - std::min(out_until_ns_, now_ns));
  return std::chrono::ceil<std::chrono::milliseconds>(left);
}

LinkActions LinkLife::end(const Error& why, std::uint64_t now_ns) {
  LinkActions actions;
  trusted_ = false;
  stop_dialling(actions);
  dial_ns_ = 0;
  end_session(why, actions, std::chrono::milliseconds{0});
  return settle(std::move(actions), now_ns);
}

LinkActions LinkLife::network_changed(std::uint64_t now_ns) {
  failing_ns_ = now_ns;
  const std::uint64_t soonest = std::max(now_ns, dialed_ns_ + ns(kNetworkChangePause));
  if (dial_ns_ != 0 && !refused_) dial_ns_ = std::min(dial_ns_, soonest);
  if (bulk_dial_ns_ != 0) bulk_dial_ns_ = std::min(bulk_dial_ns_, soonest);
  return settle({}, now_ns);
}

LinkActions LinkLife::tick(std::uint64_t now_ns) {
  LinkActions actions;
  // Who was not running himself has heard nobody: the gap is not the peer's.
  const std::uint64_t expected = due();
  if (expected != 0 && now_ns > expected + ns(kLoopGapMax))
    heard_ns_ = std::min(now_ns, heard_ns_ + (now_ns - expected));

  if (connection_ != 0 && now_ns >= ping_ns_) {
    ping_ns_ = now_ns + ns(kPingPause);
    actions.push_back({Kind::ping, connection_});
  }
  if (connection_ != 0 && !silent_ && now_ns >= heard_ns_ + ns(kSilenceMax)) {
    fall_silent(actions, now_ns);
    if (dials() && !dialing_) dial_in(std::chrono::milliseconds{0}, now_ns);
  }
  if (session_ && now_ns >= heard_ns_ + ns(kDeadAfter)) {
    failing_ns_ = now_ns;
    end_session(Error(Errc::timeout, reason_.empty() ? "nothing was heard for 3 s" : reason_),
                actions);
    if (dials() && !dialing_ && dial_ns_ == 0) dial_again(now_ns);
  }
  if (candidate_ != 0 && now_ns >= candidate_ns_ + ns(kDeadAfter))
    actions.push_back({Kind::close, std::exchange(candidate_, 0)});
  return settle(std::move(actions), now_ns);
}

std::uint64_t LinkLife::due() const {
  std::uint64_t next = earlier(dial_ns_, bulk_dial_ns_);
  if (connection_ != 0) next = earlier(next, ping_ns_);
  if (connection_ != 0 && !silent_) next = earlier(next, heard_ns_ + ns(kSilenceMax));
  if (session_) next = earlier(next, heard_ns_ + ns(kDeadAfter));
  if (candidate_ != 0) next = earlier(next, candidate_ns_ + ns(kDeadAfter));
  if (session_ && !bulk_ && !degraded_)
    next = earlier(next, bulk_missing_ns_ + ns(kBulkMissingMax));
  return next;
}

LinkState LinkLife::state() const {
  if (session_) return silent_ || degraded_ ? LinkState::degraded : LinkState::up;
  if (refused_) return LinkState::refused;
  return dials() && !tried_ ? LinkState::connecting : LinkState::down;
}

const std::string& LinkLife::reason() const {
  static const std::string kNone;
  static const std::string kNoBulk = "the bulk connection is missing";
  if (session_ && !silent_) return degraded_ ? kNoBulk : kNone;
  return refused_ ? refused_->message() : reason_;
}

// What follows from where things stand: dials that are due, and the word about it.
LinkActions LinkLife::settle(LinkActions actions, std::uint64_t now_ns) {
  if (dials() && !dialing_ && dial_ns_ != 0 && now_ns >= dial_ns_) {
    dialing_ = true;
    dial_ns_ = 0;
    dialed_ns_ = now_ns;
    actions.push_back({Kind::dial_input});
  }
  if (dials() && !bulk_dialing_ && bulk_dial_ns_ != 0 && now_ns >= bulk_dial_ns_) {
    bulk_dialing_ = true;
    bulk_dial_ns_ = 0;
    actions.push_back({Kind::dial_bulk});
  }
  degraded_ = session_ && bulk_is_missing(now_ns);
  if (state() != told_) since_ns_ = now_ns;
  if (state() != told_ || reason() != told_reason_) {
    told_ = state();
    told_reason_ = reason();
    actions.push_back({Kind::status});
  }
  return actions;
}

// The link goes on over this connection.
void LinkLife::take(ConnectionId connection, bool resumed, LinkActions& actions,
                    std::uint64_t now_ns) {
  if (connection_ != 0) actions.push_back({Kind::close, connection_});
  if (candidate_ != 0 && candidate_ != connection) actions.push_back({Kind::close, candidate_});
  connection_ = connection;
  candidate_ = 0;
  session_ = true;
  silent_ = false;
  heard_ns_ = now_ns;
  ping_ns_ = now_ns;
  refused_.reset();
  reason_.clear();
  bulk_ = false;  // its way may be as dead as the other connection's
  bulk_missing_ns_ = now_ns;
  if (bulk_dialing_) actions.push_back({Kind::cancel_bulk});
  bulk_dialing_ = false;
  bulk_dial_ns_ = dials() ? now_ns : 0;
  actions.push_back({Kind::adopt, connection});
  actions.push_back({.kind = Kind::up, .resumed = resumed});
}

void LinkLife::fall_silent(LinkActions& actions, std::uint64_t now_ns) {
  failing_ns_ = now_ns;
  if (silent_) return;
  silent_ = true;
  if (connection_ != 0) reason_ = "nothing has been heard for 400 ms";
  actions.push_back({Kind::silent});
}

// tell: the peer is told why, and when to come again.
void LinkLife::end_session(const Error& why, LinkActions& actions,
                           std::optional<std::chrono::milliseconds> tell) {
  for (const ConnectionId each : {connection_, candidate_}) {
    if (each == 0) continue;
    LinkAction close{Kind::close, each};
    if (tell && each == connection_) close.why = why;
    close.come_again = tell.value_or(std::chrono::milliseconds{0});
    actions.push_back(std::move(close));
  }
  connection_ = candidate_ = 0;
  if (bulk_dialing_) actions.push_back({Kind::cancel_bulk});
  bulk_dialing_ = bulk_ = false;
  bulk_dial_ns_ = 0;
  tried_ = true;
  if (!std::exchange(session_, false)) return;
  silent_ = false;
  reason_ = why.message();
  actions.push_back({.kind = Kind::down, .why = why});
}

void LinkLife::stop_dialling(LinkActions& actions) {
  if (std::exchange(dialing_, false)) actions.push_back({Kind::cancel_input});
}

void LinkLife::dial_in(std::chrono::milliseconds pause, std::uint64_t now_ns) {
  dial_ns_ = now_ns + ns(pause);
}

void LinkLife::dial_again(std::uint64_t now_ns) {
  const bool late = now_ns > failing_ns_ + ns(kRetryOftenFor);
  const auto least = static_cast<std::uint64_t>(kRetryPauseMin.count());
  const auto most =
      static_cast<std::uint64_t>((late ? kRetryPauseLateMax : kRetryPauseMax).count());
  dial_in(std::chrono::milliseconds(random_(least, most)), now_ns);
}

void LinkLife::dial_bulk_again(std::uint64_t now_ns) {
  const auto pause = random_(static_cast<std::uint64_t>(kRetryPauseMin.count()),
                             static_cast<std::uint64_t>(kRetryPauseMax.count()));
  bulk_dial_ns_ = now_ns + ns(std::chrono::milliseconds(pause));
}

bool LinkLife::bulk_is_missing(std::uint64_t now_ns) const {
  return !bulk_ && now_ns >= bulk_missing_ns_ + ns(kBulkMissingMax);
}

}  // namespace dkvm::tcp
