#include "devices/tcp/streams/peer_streams.hpp"

#include "devices/tcp/streams/bulk_incoming.hpp"
#include "devices/tcp/streams/bulk_outgoing.hpp"
#include "devices/tcp/streams/input_incoming.hpp"
#include "devices/tcp/streams/input_outgoing.hpp"
#include "devices/tcp/streams/staleness.hpp"

#include <dkvm/log.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::tcp {

PeerStreams::PeerStreams(Context& context, PeerLink& link, PortIds& port_ids, BulkThread& bulk,
                         Loans& loans, PeerRules rules)
    : shared_{context, link, port_ids, bulk, loans, std::move(rules)}, calls_(shared_) {}

PeerStreams::~PeerStreams() { close_session(Error(Errc::disconnected, "the link ends")); }

// --- which streams there are -----------------------------------------------------------

const WantedStream* PeerStreams::wanted(const std::string& name) const {
  const auto found = std::find_if(wanted_.begin(), wanted_.end(), [&](const WantedStream& each) {
    return each.direction == wire::Direction::source && each.name == name;
  });
  return found == wanted_.end() ? nullptr : &*found;
}

void PeerStreams::want(std::vector<WantedStream> streams) {
  wanted_ = std::move(streams);
  if (!in_session_) return;
  const auto still = [this](const WantedStream& stream) {
    return std::find(wanted_.begin(), wanted_.end(), stream) != wanted_.end();
  };
  for (auto at = outgoing_.begin(); at != outgoing_.end();) {
    if (still(at->second->wanted())) {
      ++at;
      continue;
    }
    shared_.signal(wire::FrameKind::port_close, at->first);
    at = outgoing_.erase(at);
  }
  for (const WantedStream& stream : wanted_) {
    const bool offered = std::any_of(outgoing_.begin(), outgoing_.end(), [&](const auto& entry) {
      return entry.second->wanted() == stream;
    });
    if (stream.direction == wire::Direction::sink && !offered) offer(stream);
  }
  for (auto& [id, stream] : incoming_) {
    if (const WantedStream* asked = wanted(stream->name()))
      stream->want(*asked);
    else
      stream->unwant();
  }
}

void PeerStreams::offer(const WantedStream& wanted) {
  if (outgoing_.size() >= kStreamsMax)
    return log_warning(fmt::format("link/{}/{} is left out: a link has at most {} streams",
                                   wanted.peer, wanted.name, kStreamsMax));
  if (wanted.peer.size() + 1 + wanted.name.size() > kNameBytesMax)
    return log_warning(fmt::format("link/{}/{} is left out: its name has more than {} bytes",
                                   wanted.peer, wanted.name, kNameBytesMax));
  if (wanted.topics.size() > kTopicsPerStreamMax)
    return log_warning(fmt::format("link/{}/{} is left out: a stream has at most {} topics",
                                   wanted.peer, wanted.name, kTopicsPerStreamMax));
  do ++last_stream_;
  while (last_stream_ == 0 || last_stream_ == kKernelPort || outgoing_.contains(last_stream_));
  std::unique_ptr<Outgoing> stream;
  if (rides_on_bulk(wanted.topics))
    stream = std::make_unique<BulkOutgoing>(shared_, last_stream_, wanted);
  else
    stream = std::make_unique<InputOutgoing>(shared_, last_stream_, wanted);
  stream->offer();
  outgoing_.emplace(last_stream_, std::move(stream));
}

Outgoing* PeerStreams::outgoing(StreamId stream) {
  const auto found = outgoing_.find(stream);
  return found == outgoing_.end() ? nullptr : found->second.get();
}

Incoming* PeerStreams::incoming(StreamId stream) {
  const auto found = incoming_.find(stream);
  return found == incoming_.end() ? nullptr : found->second.get();
}

// --- the link's life ---------------------------------------------------------------------

void PeerStreams::up(bool resumed) {
  if (!resumed || !in_session_) {
    if (in_session_) close_session(Error(Errc::disconnected, "the peer has begun anew"));
    return open_session();
  }
  begin_replay();
}

void PeerStreams::open_session() {
  in_session_ = true;
  shared_.replaying = false;
  for (const WantedStream& stream : wanted_)
    if (stream.direction == wire::Direction::sink) offer(stream);
}

void PeerStreams::close_session(const Error& why) {
  calls_.end(why);
  outgoing_.clear();
  incoming_.clear();
  shared_.unconfirmed = {};
  shared_.topics = {};
  shared_.replaying = false;
  shared_.broken.reset();
  in_session_ = false;
  held_back_ = false;
  silent_ = false;
  if (shared_.bulk_id) shared_.bulk.disconnect(*shared_.bulk_id, why);
  shared_.bulk_id.reset();
}

// Each side says again which streams it has and takes, how far it is, then that this
// was all; what the other lacks is sent once more, in its order.
void PeerStreams::begin_replay() {
  shared_.replaying = true;
  for (const TopicId topic : shared_.topics.told()) shared_.tell_name(topic);
  for (auto& [id, stream] : outgoing_) stream->offer();
  for (auto& [id, stream] : incoming_) stream->tell_again();
  offered_.clear();
  shared_.signal(wire::FrameKind::resume, kKernelPort);
}

void PeerStreams::replay() {
  if (!shared_.replaying) return;
  std::erase_if(incoming_, [this](const auto& entry) { return !offered_.contains(entry.first); });
  const std::uint64_t now = now_ns();
  shared_.drops.stale += shared_.unconfirmed.drop_stale([now](Bytes bytes) {
    FrameDecoder decoder(bytes);
    Frame event;
    return decoder.next(event) && too_old(event, last_sent_ns(event), now);
  });
  shared_.replaying = false;
  shared_.unconfirmed.each([this](StreamId stream, Bytes bytes) {
    FrameDecoder decoder(bytes);
    Frame event;
    if (auto* to = dynamic_cast<InputOutgoing*>(outgoing(stream)); to && decoder.next(event))
      to->send(event);
  });
  for (auto& [id, stream] : outgoing_) stream->resumed();
  alive();
}

void PeerStreams::silent() {
  silent_ = true;
  for (auto& [id, stream] : incoming_) stream->silent();
  hold_back_input();
}

void PeerStreams::alive() {
  silent_ = false;
  for (auto& [id, stream] : incoming_) stream->heard();
  writable();
}

void PeerStreams::down(const Error& why) { close_session(why); }

// Nothing new while the connection, or the peer, does not take what there is: then
// it waits in the kernel's queues, where motion is merged and what is old goes.
void PeerStreams::hold_back_input() {
  held_back_ = true;
  for (auto& [id, stream] : outgoing_)
    if (!stream->on_bulk()) stream->hold_back(true);
}

void PeerStreams::writable() {
  const bool clear = shared_.sends() && !silent_ && shared_.link.backlog() == 0;
  if (!held_back_ || !clear || !shared_.unconfirmed.half_empty()) return;
  held_back_ = false;
  for (auto& [id, stream] : outgoing_)
    if (!stream->on_bulk()) stream->hold_back(false);
}

bool PeerStreams::end_turn() {
  if (const auto why = std::exchange(shared_.broken, std::nullopt)) {
    shared_.link.cut(*why);
    return false;
  }
  bool more = false;
  for (auto& [id, stream] : incoming_) {
    stream->begin_if_ready();
    if (!shared_.context.backlogged()) stream->confirm();
    more |= stream->unconfirmed();
  }
  const bool full = shared_.link.backlog() > kInputBacklogMax || shared_.unconfirmed.full();
  if (in_session_ && !held_back_ && (full || !shared_.sends())) hold_back_input();
  return more;
}

void PeerStreams::let_go() {
  for (auto& [id, stream] : outgoing_) stream->let_go();
}

void PeerStreams::kernel_silent(bool silent) {
  shared_.kernel_silent = silent;
  if (!silent) return;  // the turn's end begins again
  for (auto& [id, stream] : incoming_) stream->kernel_silent();
}

// --- frames of the peer --------------------------------------------------------------------

void PeerStreams::frame(const Frame& frame) {
  if (!in_session_) return;
  if (auto taken = take(frame); !taken) shared_.link.cut(taken.error());
}

Result<> PeerStreams::take(const Frame& frame) {
  using wire::FrameKind;
  const StreamId stream = frame.header.port();
  Outgoing* const to = outgoing(stream);
  Incoming* const from = incoming(stream);
  switch (frame.kind()) {
    case FrameKind::event: return from ? from->event(frame) : Result<>{};
    case FrameKind::chunk: return from ? from->chunk(frame) : Result<>{};
    case FrameKind::upstream: return to ? to->upstream(frame) : Result<>{};
    case FrameKind::applied: on_applied(frame); return {};
    case FrameKind::resume: on_resume(stream); return {};
    case FrameKind::pause: return on_declined(stream);
    case FrameKind::pool_close:
      if (to) to->refused();
      return {};
    case FrameKind::pool_open: return on_pool_open(frame);
    case FrameKind::port_open: return on_offer(frame);
    case FrameKind::port_close: on_withdrawn(stream); return {};
    case FrameKind::topics: return on_topics(frame);
    case FrameKind::request:
    case FrameKind::response:
    case FrameKind::cancel: return calls_.frame(frame);
    default:
      return fail(Errc::corrupt, fmt::format("the peer sent a frame of kind {}, which no link does",
                                             frame.header.kind()));
  }
}

// Whoever goes on opening and closing keeps our kernel at work, and others from theirs.
Result<> PeerStreams::count_change() {
  if (shared_.changes.take(now_ns())) return {};
  return fail(Errc::corrupt,
              fmt::format("the peer opens, refuses or enlarges streams too often: more than {} "
                          "times at once, and {} a second",
                          kStreamChangesBurstMax, kStreamChangesPerSecondMax));
}

Result<> PeerStreams::on_offer(const Frame& frame) {
  DKVM_TRY(wire::PortSpecT offer, read_offer(frame));
  offered_.insert(offer.id);
  if (const Incoming* known = incoming(offer.id);
      shared_.replaying && known != nullptr && known->name() == offer.name)
    return {};
  DKVM_CHECK(count_change());
  if (incoming_.contains(offer.id))
    return fail(Errc::corrupt, fmt::format("the peer opens stream {} twice", offer.id));
  if (incoming_.size() >= kStreamsMax)
    return fail(Errc::corrupt, fmt::format("the peer opens more than {} streams", kStreamsMax));
  // What was withdrawn while there was no connection.
  if (shared_.replaying)
    std::erase_if(incoming_, [&](const auto& entry) {
      return entry.second->name() == offer.name && !offered_.contains(entry.first);
    });
  const bool twice = std::any_of(incoming_.begin(), incoming_.end(), [&](const auto& entry) {
    return entry.second->name() == offer.name;
  });
  if (twice) return fail(Errc::corrupt, "the peer opens stream '" + offer.name + "' twice");
  const StreamId id = offer.id;
  std::unique_ptr<Incoming> stream;
  if (rides_on_bulk(offer.topics))
    stream = std::make_unique<BulkIncoming>(shared_, std::move(offer));
  else
    stream = std::make_unique<InputIncoming>(shared_, std::move(offer));
  Incoming& added = *incoming_.emplace(id, std::move(stream)).first->second;
  if (const WantedStream* asked = wanted(added.name())) added.want(*asked);
  return {};
}

void PeerStreams::on_withdrawn(StreamId stream) {
  incoming_.erase(stream);
  offered_.erase(stream);
}

Result<> PeerStreams::on_topics(const Frame& frame) {
  DKVM_TRY(const wire::TopicsT topics, read_payload<wire::TopicsT>(frame.payload));
  for (const auto& topic : topics.topics)
    if (topic->id < kCustomTopicFirst || !shared_.topics.learn(topic->id, topic->name))
      return fail(Errc::corrupt, fmt::format("the peer names topic {}", topic->id));
  return {};
}

Result<> PeerStreams::on_pool_open(const Frame& frame) {
  DKVM_TRY(const wire::PoolOpenT open, read_payload<wire::PoolOpenT>(frame.payload));
  Incoming* const from = incoming(frame.header.port());
  if (from == nullptr) return {};
  DKVM_CHECK(count_change());
  return from->need(open.slot_bytes);
}

void PeerStreams::on_applied(const Frame& frame) {
  Outgoing* const to = outgoing(frame.header.port());
  if (to == nullptr) return;
  shared_.unconfirmed.confirm(to->id(), frame.header.sequence());
  to->confirm(frame.header.sequence());
  writable();
}

// A number serves one acceptance: what is under way for it meets nobody else.
Result<> PeerStreams::on_declined(StreamId stream) {
  const auto found = outgoing_.find(stream);
  if (found == outgoing_.end() || !found->second->open()) return {};
  DKVM_CHECK(count_change());
  const WantedStream wanted = found->second->wanted();
  shared_.signal(wire::FrameKind::port_close, stream);
  outgoing_.erase(found);
  offer(wanted);
  return {};
}

void PeerStreams::on_resume(StreamId stream) {
  if (stream == kKernelPort) return replay();
  if (Outgoing* const to = outgoing(stream)) to->accepted();
}

// --- the bulk connection ---------------------------------------------------------------------

void PeerStreams::bulk(TlsStream stream) {
  if (shared_.bulk_id) {
    shared_.bulk.disconnect(*shared_.bulk_id, Error(Errc::disconnected, "another took its place"));
    shared_.bulk_id.reset();
    tell_bulk_changed();
  }
  shared_.bulk_id = shared_.bulk.connect(std::move(stream));
  tell_bulk_changed();
}

void PeerStreams::tell_bulk_changed() {
  for (auto& [id, each] : outgoing_) each->bulk_changed();
  for (auto& [id, each] : incoming_) each->bulk_changed();
}

void PeerStreams::bulk_closed(const Error& why) {
  shared_.bulk_id.reset();
  tell_bulk_changed();
  if (why.code() == Errc::corrupt) return shared_.link.cut(why);
  shared_.link.bulk_lost();
}

void PeerStreams::arrived(const Arrival& arrival) {
  bulk_received_bytes_ += arrival.body_bytes;
  auto* const from = dynamic_cast<BulkIncoming*>(incoming(arrival.stream));
  if (from == nullptr) return;
  if (auto taken = from->arrived(arrival); !taken) shared_.link.cut(taken.error());
}

void PeerStreams::granted(const Granted& granted) {
  Outgoing* const to = outgoing(granted.stream);
  if (to == nullptr) return;
  if (auto taken = to->credit(granted); !taken) shared_.link.cut(taken.error());
}

void PeerStreams::slots_free() {
  for (auto& [id, stream] : incoming_) stream->bulk_changed();
}

void PeerStreams::done(const Loans::Parcel& parcel) {
  bulk_sent_bytes_ += parcel.bytes;
  if (Outgoing* const to = outgoing(parcel.stream)) to->done(parcel);
}

// --- what can be seen ------------------------------------------------------------------------

std::uint64_t PeerStreams::queued_bytes() const {
  std::uint64_t bytes = shared_.link.backlog();
  for (const auto& [id, stream] : outgoing_) bytes += stream->queued_bytes();
  return bytes;
}

std::vector<StreamStatus> PeerStreams::streams() const {
  std::vector<StreamStatus> all;
  for (const auto& [id, stream] : outgoing_)
    all.push_back({stream->wanted().name, wire::Direction::sink, stream->open()});
  for (const auto& [id, stream] : incoming_)
    all.push_back({stream->name(), wire::Direction::source, stream->open()});
  return all;
}

}  // namespace dkvm::tcp
