#include "devices/tcp/transport/peer_link.hpp"

#include "devices/tcp/limits.hpp"

#include <dkvm/log.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace dkvm::tcp {
namespace {

std::uint64_t random_between(std::uint64_t least, std::uint64_t most) {
  return least + random_number() % (most - least + 1);
}

// What the streams may hear of over an input connection.
bool is_for_streams(wire::FrameKind kind) {
  using Kind = wire::FrameKind;
  switch (kind) {
    case Kind::event:
    case Kind::chunk:
    case Kind::upstream:
    case Kind::applied:
    case Kind::pause:
    case Kind::resume:
    case Kind::pool_open:
    case Kind::pool_close:
    case Kind::port_open:
    case Kind::port_close:
    case Kind::topics:
    case Kind::request:
    case Kind::response:
    case Kind::cancel: return true;
    default: return false;
  }
}

}  // namespace

PeerLink::PeerLink(Context& context, LinkHandler& handler, PeerConfig config, const LinkSelf& self,
                   LinkLife::Role role, std::chrono::milliseconds cut_pause, Dialling dialling)
    : context_(context),
      handler_(handler),
      config_(std::move(config)),
      self_(self),
      dialling_(std::move(dialling)),
      role_(role),
      life_(role, random_between, cut_pause) {}

PeerLink::~PeerLink() {
  context_.cancel_timer(timer_);
  for (auto& [id, connection] : connections_) connection.channel->close();
}

LinkStatus PeerLink::status() const {
  const std::uint64_t now = now_ns();
  LinkStatus status;
  status.state = life_.state();
  status.reason = life_.reason();
  status.since_ns = life_.since_ns();
  status.address = address_;
  status.connects = connects_;
  status.clock_known = clock_.known();
  status.rtt_ns = clock_.rtt_ns();
  status.offset_ns = clock_.offset_ns(now);
  status.offset_error_ns = clock_.error_ns(now);
  status.sent_bytes = gone_sent_bytes_;
  status.received_bytes = gone_received_bytes_;
  for (const auto& [id, connection] : connections_) {
    status.sent_bytes += connection.channel->sent_bytes();
    status.received_bytes += connection.channel->received_bytes();
    status.queue_bytes += connection.channel->backlog();
  }
  return status;
}

Result<> PeerLink::send(const Frame& frame) {
  FrameChannel* to = channel();
  if (to == nullptr)
    return fail(Errc::disconnected, fmt::format("the link to '{}' is not up", name()));
  return to->send(frame);
}

std::size_t PeerLink::backlog() const {
  const FrameChannel* to = channel();
  return to == nullptr ? 0 : to->backlog();
}

void PeerLink::flush() {
  if (FrameChannel* to = channel()) to->flush();
}

std::uint64_t PeerLink::to_local(std::uint64_t peer_ns) const {
  return clock_.to_local(peer_ns, now_ns());
}

void PeerLink::cut(const Error& why) { apply(life_.cut(why, now_ns())); }
void PeerLink::bulk_lost() { apply(life_.bulk_lost(now_ns())); }
void PeerLink::begin() {
  trusted_ = true;
  apply(yields() ? life_.forbid(taken(), now_ns()) : life_.begin(now_ns()));
}

void PeerLink::forbid(const Error& why) {
  trusted_ = false;
  apply(life_.forbid(why, now_ns()));
}

void PeerLink::yield_to(const std::string& device) {
  if (device == std::exchange(rival_, device) || !trusted_) return;
  if (yields())
    apply(life_.forbid(taken(), now_ns()));
  else if (rival_.empty())
    apply(life_.begin(now_ns()));
}

// One that waits to be dialled has nothing to end: who comes is told.
bool PeerLink::yields() const {
  return !rival_.empty() && (role_ == LinkLife::Role::dials || life_.session());
}

Error PeerLink::taken() const {
  return {Errc::denied, fmt::format("device '{}' has the link with '{}' already, and one is enough",
                                    rival_, name())};
}

std::optional<PeerLink::Refusal> PeerLink::refusal() const {
  if (!rival_.empty()) return Refusal{taken(), kRefusedPause};
  const auto pause = life_.out_for(now_ns());
  if (pause.count() == 0) return std::nullopt;
  return Refusal{Error(Errc::denied, life_.reason()), pause};
}

void PeerLink::end(const Error& why) { apply(life_.end(why, now_ns())); }
void PeerLink::network_changed() { apply(life_.network_changed(now_ns())); }

bool PeerLink::resumes(const wire::LinkHelloT& hello, const trust::Fingerprint& from) const {
  return life_.session() && hello.session.size() == session_.size() && !session_.empty() &&
         CRYPTO_memcmp(hello.session.data(), session_.data(), session_.size()) == 0 &&
         hello.incarnation == incarnation_ && from == fingerprint_;
}

void PeerLink::join(TlsStream stream, const wire::LinkHelloT& hello, bool resumed,
                    std::string address) {
  const ConnectionId id = ++last_connection_;
  Connection joined{FrameChannel::make(context_, std::move(stream)),
                    std::move(address),
                    {},
                    hello.kernel_id,
                    hello.kernel,
                    hello.incarnation};
  joined.fingerprint = joined.channel->stream().peer();
  FrameChannel& channel = *joined.channel;
  connections_.emplace(id, std::move(joined));
  const auto opened =
      channel.open({.heard = [this, id] { apply(life_.heard(id, now_ns())); },
                    .frame = [this, id](const Frame& frame) { take(id, frame); },
                    .drained =
                        [this, id] {
                          if (id == life_.connection()) handler_.writable(*this);
                        },
                    .lost =
                        [this, id](const Error& why) {
                          if (why.code() == Errc::corrupt && id == life_.connection())
                            return apply(life_.cut(why, now_ns()));
                          drop(id);
                          apply(life_.lost(id, why, now_ns()));
                        }});
  if (!opened) {
    connections_.erase(id);
    return dial_failed(wire::LinkConnection::input, opened.error());
  }
  apply(life_.joined(id, resumed, now_ns()));
}

void PeerLink::join_bulk(TlsStream stream) {
  if (!life_.session()) return;
  apply(life_.bulk_joined(now_ns()));
  handler_.bulk(*this, std::move(stream));
}

void PeerLink::dial_failed(wire::LinkConnection connection, const Error& why) {
  apply(connection == wire::LinkConnection::input ? life_.dial_failed(why, now_ns())
                                                  : life_.bulk_dial_failed(now_ns()));
}

void PeerLink::apply(LinkActions actions) {
  std::move(actions.begin(), actions.end(), std::back_inserter(actions_));
  if (acting_) return;
  acting_ = true;
  while (!actions_.empty()) {
    const LinkAction action = std::move(actions_.front());
    actions_.pop_front();
    carry_out(action);
  }
  acting_ = false;
  arm();
}

void PeerLink::carry_out(const LinkAction& action) {
  using Kind = LinkAction::Kind;
  switch (action.kind) {
    case Kind::dial_input: return dialling_.dial(wire::LinkConnection::input);
    case Kind::dial_bulk: return dialling_.dial(wire::LinkConnection::bulk);
    case Kind::cancel_input: return dialling_.cancel(wire::LinkConnection::input);
    case Kind::cancel_bulk: return dialling_.cancel(wire::LinkConnection::bulk);
    case Kind::ping: return ping(action.connection);
    case Kind::close: return close(action);
    case Kind::adopt: return adopt(action.connection);
    case Kind::up:
      ++connects_;
      if (!action.resumed) clock_.reset();
      return handler_.up(*this, action.resumed);
    case Kind::silent: return handler_.silent(*this);
    case Kind::alive: return handler_.alive(*this);
    case Kind::down: return handler_.down(*this, *action.why);
    case Kind::status: return tell_state();
  }
}

void PeerLink::tell_state() {
  const LinkState state = life_.state();
  if (const LinkState before = std::exchange(logged_, state); before != state) {
    const std::string text = fmt::format("the link to '{}' is {}{}{}", name(), tcp::name(state),
                                         life_.reason().empty() ? "" : ": ", life_.reason());
    const bool is_loss = state == LinkState::down && before != LinkState::connecting;
    if (state == LinkState::refused || is_loss)
      log_warning(text);
    else
      log_info(text);
  }
  handler_.status_changed(*this);
}

// One timer, for the earliest of what is due; what is put off later finds nothing to do.
void PeerLink::arm() {
  const std::uint64_t due = life_.due();
  if (due == 0 || (timer_ns_ != 0 && timer_ns_ <= due)) return;
  context_.cancel_timer(timer_);
  timer_ns_ = due;
  timer_ = context_.at(due, [this] { tick(); });
}

void PeerLink::tick() {
  timer_ns_ = 0;
  apply(life_.tick(now_ns()));
}

void PeerLink::adopt(ConnectionId id) {
  const Connection& adopted = connections_.at(id);
  fingerprint_ = adopted.fingerprint;
  kernel_id_ = adopted.kernel_id;
  kernel_name_ = adopted.kernel_name;
  incarnation_ = adopted.incarnation;
  address_ = adopted.address;
  pings_ns_ = {};
}

void PeerLink::close(const LinkAction& action) {
  const auto found = connections_.find(action.connection);
  if (found == connections_.end()) return;
  if (action.why) {
    const auto stop = stop_bytes(*action.why, action.come_again);
    FrameDecoder decoder(stop);
    Frame frame;
    // A peer whose backlog is full does not read it anyway.
    if (decoder.next(frame)) [[maybe_unused]]
      const auto told = found->second.channel->send(frame);
  }
  found->second.channel->close();
  drop(action.connection);
}

void PeerLink::drop(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  gone_sent_bytes_ += found->second.channel->sent_bytes();
  gone_received_bytes_ += found->second.channel->received_bytes();
  connections_.erase(found);
}

void PeerLink::take(ConnectionId id, const Frame& frame) {
  if (id != life_.connection()) return;  // of one that is on its way out
  switch (frame.kind()) {
    case wire::FrameKind::ping: return pong(frame);
    case wire::FrameKind::pong: return measure(frame);
    case wire::FrameKind::stop: return stopped(frame);
    default: break;
  }
  if (is_for_streams(frame.kind())) return handler_.frame(*this, frame);
  cut(Error(Errc::corrupt, fmt::format("the peer sent '{}', which has no place on the input "
                                       "connection of a link",
                                       wire::EnumNameFrameKind(frame.kind()))));
}

void PeerLink::ping(ConnectionId id) {
  if (id != life_.connection() || channel() == nullptr) return;
  wire::FrameHeader header = make_header(wire::FrameKind::ping);
  header.mutate_sequence(++last_ping_);
  header.mutate_capture_ns(now_ns());
  if (!send({header, {}, {}, {}})) return;  // full: the peer hears from us as it is
  pings_ns_[last_ping_ % kPingsOpenMax] = header.capture_ns();
  flush();
}

void PeerLink::pong(const Frame& ping) {
  wire::FrameHeader header = make_header(wire::FrameKind::pong);
  header.mutate_sequence(ping.header.sequence());
  header.mutate_origin_sequence(now_ns());
  header.mutate_capture_ns(now_ns());
  if (send({header, {}, {}, {}})) flush();
}

void PeerLink::measure(const Frame& pong) {
  const std::uint64_t sequence = pong.header.sequence();
  if (sequence > last_ping_ || sequence + kPingsOpenMax <= last_ping_) return;
  const std::uint64_t sent_ns = std::exchange(pings_ns_[sequence % kPingsOpenMax], 0);
  if (sent_ns == 0) return;
  clock_.add({sent_ns, pong.header.origin_sequence(), pong.header.capture_ns(), now_ns()});
}

void PeerLink::stopped(const Frame& stop) {
  const auto message = read_payload<wire::StopT>(stop.payload);
  if (!message) return cut(message.error());
  const Error why(Errc::disconnected,
                  fmt::format("{} says: {:.{}}", name(), message->reason, kReasonBytesMax));
  apply(life_.stopped(why, std::chrono::milliseconds(message->deadline_ms), now_ns()));
}

FrameChannel* PeerLink::channel() const {
  const auto found = connections_.find(life_.connection());
  return found == connections_.end() ? nullptr : found->second.channel.get();
}

}  // namespace dkvm::tcp
