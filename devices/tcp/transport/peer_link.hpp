#pragma once

#include "devices/tcp/transport/clock_offset.hpp"
#include "devices/tcp/transport/frame_channel.hpp"
#include "devices/tcp/transport/link_config.hpp"
#include "devices/tcp/transport/link_handler.hpp"
#include "devices/tcp/transport/link_life.hpp"
#include "devices/tcp/transport/link_self.hpp"

#include <dkvm/context.hpp>
#include <dkvm/payload.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::tcp {

struct LinkStatus {
  LinkState state = LinkState::connecting;
  std::string reason{};        // of all states but connecting and up
  std::uint64_t since_ns = 0;  // CLOCK_MONOTONIC of this machine
  std::string address{};       // of the peer; empty before the first connection
  bool clock_known = false;    // of the next three, by a ping of this session
  std::uint64_t rtt_ns = 0;    // as the last ping saw it
  std::int64_t offset_ns = 0;  // the peer's clock minus this one
  std::uint64_t offset_error_ns = 0;
  std::uint64_t sent_bytes = 0;  // of frames on input connections, since the device began
  std::uint64_t received_bytes = 0;
  std::size_t queue_bytes = 0;
  std::uint64_t connects = 0;  // how often it came up, since the device began
};

// One trusted peer. Connections come and go under it.
// Life: from LinkHandler::added() to removed(); the device's thread only
class PeerLink {
 public:
  // What a link that dials asks for; empty functions where it is dialled.
  struct Dialling {
    std::function<void(wire::LinkConnection)> dial;
    std::function<void(wire::LinkConnection)> cancel;
  };

  PeerLink(Context& context, LinkHandler& handler, PeerConfig config, const LinkSelf& self,
           LinkLife::Role role, std::chrono::milliseconds cut_pause, Dialling dialling = {});
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;
  ~PeerLink();

  const std::string& name() const { return config_.name; }
  const PeerConfig& config() const { return config_; }
  LinkStatus status() const;

  // Of the present session, or the last one: whose certificate it is, and what its kernel
  // has said of itself.
  const trust::Fingerprint& fingerprint() const { return fingerprint_; }
  std::uint64_t kernel_id() const { return kernel_id_; }
  const std::string& kernel_name() const { return kernel_name_; }

  // An input connection works: send() goes somewhere.
  bool up() const { return life_.connection() != 0; }
  // Queues a frame for the input connection, until flush() or the end of the turn.
  // Errors: Errc::disconnected without one, Errc::exhausted beyond kChannelBacklogMax.
  Result<> send(const Frame& frame);
  std::size_t backlog() const;
  void flush();

  // A time of the peer's clock on this one. Not monotonic by itself: see ClockFor.
  std::uint64_t to_local(std::uint64_t peer_ns) const;

  // The peer broke a rule: the link ends, and is tried again after a pause.
  void cut(const Error& why);
  // Another device of this kernel has the streams of this peer, which come and go by one
  // link; empty: none has. Then this link is refused, and begins again when it is free.
  void yield_to(const std::string& device);
  // The bulk connection that the handler got has broken.
  void bulk_lost();

  // --- for LinkServer and LinkClient ------------------------------------------------

  void begin();
  void forbid(const Error& why);
  // Says stop, and is over.
  void end(const Error& why);
  void network_changed();

  // Why nobody is let in who dials, and for how long; nothing when the peer is welcome.
  struct Refusal {
    Error why;
    std::chrono::milliseconds come_again{0};
  };
  std::optional<Refusal> refusal() const;

  // True while there is a session that a connection may belong to.
  bool has_session() const { return life_.session(); }
  // True when a hello means that one, from the same run of the same peer.
  bool resumes(const wire::LinkHelloT& hello, const trust::Fingerprint& from) const;
  // The one that there is, or was.
  const std::vector<std::uint8_t>& session() const { return session_; }
  void set_session(std::vector<std::uint8_t> session) { session_ = std::move(session); }

  // A connection after the hellos of both sides.
  void join(TlsStream stream, const wire::LinkHelloT& hello, bool resumed, std::string address);
  void join_bulk(TlsStream stream);
  void dial_failed(wire::LinkConnection connection, const Error& why);

 private:
  struct Connection {
    std::shared_ptr<FrameChannel> channel;  // shared with the call that reads from it
    std::string address;
    trust::Fingerprint fingerprint;
    std::uint64_t kernel_id = 0;
    std::string kernel_name;
    std::uint64_t incarnation = 0;
  };

  void apply(LinkActions actions);
  void carry_out(const LinkAction& action);
  bool yields() const;
  Error taken() const;
  void tell_state();
  void arm();
  void tick();
  void adopt(ConnectionId id);
  void close(const LinkAction& action);
  void drop(ConnectionId id);
  void take(ConnectionId id, const Frame& frame);
  void ping(ConnectionId id);
  void pong(const Frame& ping);
  void measure(const Frame& pong);
  void stopped(const Frame& stop);
  FrameChannel* channel() const;

  Context& context_;
  LinkHandler& handler_;
  PeerConfig config_;
  const LinkSelf& self_;
  Dialling dialling_;
  const LinkLife::Role role_;
  LinkLife life_;
  bool trusted_ = false;
  std::string rival_;  // the device that has this peer's streams
  ClockOffset clock_;

  std::deque<LinkAction> actions_;  // callbacks may cause more while some are carried out
  bool acting_ = false;
  LinkState logged_ = LinkState::connecting;
  std::uint64_t connects_ = 0;

  std::map<ConnectionId, Connection> connections_;
  ConnectionId last_connection_ = 0;
  std::vector<std::uint8_t> session_;
  trust::Fingerprint fingerprint_{};
  std::uint64_t kernel_id_ = 0;
  std::string kernel_name_;
  std::uint64_t incarnation_ = 0;
  std::string address_;
  std::uint64_t gone_sent_bytes_ = 0;  // of connections that are gone
  std::uint64_t gone_received_bytes_ = 0;

  std::uint64_t last_ping_ = 0;
  std::array<std::uint64_t, kPingsOpenMax> pings_ns_{};  // by sequence, when each was sent
  Context::Timer timer_ = 0;
  std::uint64_t timer_ns_ = 0;
};

}  // namespace dkvm::tcp
