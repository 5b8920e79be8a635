#include "devices/tcp/streams/streams.hpp"

#include "devices/tcp/streams/links_list.hpp"

#include <dkvm/log.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace dkvm::tcp {
namespace {

constexpr std::chrono::milliseconds kMeterTime{1000};
constexpr std::chrono::milliseconds kConfirmTime{5};
constexpr std::chrono::milliseconds kKernelLook{100};

std::uint64_t nanoseconds(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

PeerRules rules_of(const PeerConfig& config, const Context& context) {
  PeerRules rules;
  for (const std::string& topic : config.upstream) rules.upstream.insert(context.topic_id(topic));
  rules.buffer_bytes = config.buffers_bytes;
  return rules;
}

}  // namespace

Streams::Streams(Context& context, std::function<std::vector<std::string>()> listening)
    : context_(context),
      listening_(std::move(listening)),
      wanted_(context, [this](const auto& wanted) { take_wanted(wanted); }) {}

Result<std::unique_ptr<Streams>> Streams::start(
    Context& context, std::function<std::vector<std::string>()> listening) {
  std::unique_ptr<Streams> made(new Streams(context, std::move(listening)));
  Streams& it = *made;
  DKVM_TRY(it.bulk_, BulkThread::start(context, it));
  const auto alive = it.alive_;
  context.serve("links.list", [&it, alive](const Call& call, Reply reply) {
    if (*alive) it.list(call, std::move(reply));
  });
  context.serve_links([&it, alive](const Call& call, Reply reply) {
    if (*alive) it.route(call, std::move(reply));
  });
  context.on_turn_end([&it, alive] {
    if (*alive) it.end_turn();
  });
  it.wanted_.start();
  it.tick();
  return made;
}

Streams::~Streams() {
  *alive_ = false;
  peers_.clear();
  bulk_.reset();  // what it was lent goes after it
  context_.cancel_timer(meter_);
  context_.cancel_timer(confirm_);
  context_.cancel_timer(kernel_watch_);
}

void Streams::let_go() {
  for (auto& [name, peer] : peers_) {
    peer.streams->let_go();
    peer.streams->link().flush();
  }
}

Streams::Peer* Streams::find(const std::string& name) {
  const auto found = peers_.find(name);
  return found == peers_.end() ? nullptr : &found->second;
}

Streams::Peer* Streams::peer_of(BulkId id) {
  for (auto& [name, peer] : peers_)
    if (peer.streams->has_bulk(id)) return &peer;
  return nullptr;
}

// --- which streams are wanted ---------------------------------------------------------

void Streams::take_wanted(const WantedStreams& wanted) {
  all_wanted_ = wanted;
  for (const auto& [name, peer] : peers_) want(name);
}

void Streams::want(const std::string& peer) {
  std::vector<WantedStream> mine;
  for (const WantedStream& stream : all_wanted_.streams)
    if (stream.peer == peer) mine.push_back(stream);
  PeerStreams& streams = *find(peer)->streams;
  streams.want(std::move(mine));
  const auto owner = all_wanted_.devices.find(peer);
  const bool other = owner != all_wanted_.devices.end() && owner->second != context_.name();
  streams.link().yield_to(other ? owner->second : "");
}

// --- links ------------------------------------------------------------------------------

void Streams::added(PeerLink& link) {
  Peer peer;
  peer.streams = std::make_unique<PeerStreams>(context_, link, port_ids_, *bulk_, loans_,
                                               rules_of(link.config(), context_));
  PortManifest port;
  port.id = port_ids_.take();
  port.name = link.name();
  port.topics = {wire::EnumNameTopic(wire::Topic::link_state)};
  port.peer = link.name();
  if (auto opened = context_.open_source(std::move(port)))
    peer.state = std::move(*opened);
  else
    log_error(opened.error().message());
  Peer& it = peers_.insert_or_assign(link.name(), std::move(peer)).first->second;
  want(link.name());
  tell_state(it);
}

void Streams::removed(PeerLink& link) {
  const auto found = peers_.find(link.name());
  if (found == peers_.end()) return;
  if (const auto& port = found->second.state) {
    const std::uint16_t id = port->id();
    // It fails only when the device ends, and the port with it.
    [[maybe_unused]] const auto ended = context_.close_port(id);
    port_ids_.give_back(id);
  }
  peers_.erase(found);
}

void Streams::up(PeerLink& link, bool resumed) {
  if (Peer* peer = find(link.name())) peer->streams->up(resumed);
}
void Streams::frame(PeerLink& link, const Frame& frame) {
  if (Peer* peer = find(link.name())) peer->streams->frame(frame);
}
void Streams::writable(PeerLink& link) {
  if (Peer* peer = find(link.name())) peer->streams->writable();
}
void Streams::silent(PeerLink& link) {
  if (Peer* peer = find(link.name())) peer->streams->silent();
}
void Streams::alive(PeerLink& link) {
  if (Peer* peer = find(link.name())) peer->streams->alive();
}
void Streams::down(PeerLink& link, const Error& why) {
  if (Peer* peer = find(link.name())) peer->streams->down(why);
}
void Streams::bulk(PeerLink& link, TlsStream stream) {
  if (Peer* peer = find(link.name())) peer->streams->bulk(std::move(stream));
}
void Streams::status_changed(PeerLink& link) {
  if (Peer* peer = find(link.name())) tell_state(*peer);
}

void Streams::tell_state(Peer& peer) {
  if (!peer.state) return;
  // An error means that the kernel is gone: the next read says so.
  [[maybe_unused]] const auto sent = peer.state->emit(state_event(peer.streams->link()));
}

// --- the bulk thread -----------------------------------------------------------------------

void Streams::arrived(BulkId id, Arrival arrival) {
  if (Peer* peer = peer_of(id)) peer->streams->arrived(arrival);
}

void Streams::granted(BulkId id, Granted granted) {
  if (Peer* peer = peer_of(id)) peer->streams->granted(granted);
}

void Streams::done(BulkId id, std::uint64_t token) {
  const auto parcel = loans_.done(token);
  if (!parcel) return;
  if (Peer* peer = peer_of(id)) peer->streams->done(*parcel);
}

void Streams::stream_closed(BulkId, std::uint64_t token) {
  loans_.stream_closed(token);
  slots_free();
}

void Streams::closed(BulkId id, const Error& why) {
  if (Peer* peer = peer_of(id)) peer->streams->bulk_closed(why);
  loans_.closed(id);
  slots_free();
}

void Streams::slots_free() {
  for (auto& [name, peer] : peers_) peer.streams->slots_free();
}

// --- calls -------------------------------------------------------------------------------------

void Streams::route(const Call& call, Reply reply) {
  constexpr std::string_view kPrefix = "link/";
  const std::string_view address = std::string_view(call.target).substr(kPrefix.size());
  const std::string name(address.substr(0, address.find(':')));
  if (Peer* peer = find(name)) return peer->streams->calls().call(call, std::move(reply));
  reply(fail(Errc::not_found, "there is no peer '" + name + "' here"));
}

std::set<std::string> Streams::unknown_peers() const {
  std::set<std::string> unknown;
  for (const WantedStream& stream : all_wanted_.streams)
    if (!peers_.contains(stream.peer) && unknown.size() < kLinksPageMax)
      unknown.insert(stream.peer);
  return unknown;
}

void Streams::list(const Call& call, Reply reply) {
  const auto page = read_links_page(call.body);
  if (!page) return reply(fail(page.error()));
  LinksList answer(listening_());
  if (page->after.empty()) answer.unknown(unknown_peers());
  auto at = peers_.upper_bound(page->after);
  std::string last;
  for (std::size_t left = page->limit; left != 0 && !answer.full() && at != peers_.end(); --left) {
    const Peer& peer = at->second;
    answer.add(context_.name(), *peer.streams, peer.sent.per_second, peer.received.per_second);
    last = at++->first;
  }
  if (at != peers_.end()) answer.more_after(last);
  reply(answer.text());
}

// --- time ----------------------------------------------------------------------------------------

// Whatever a peer types into a kernel that stands still is lost, and what it holds stays
// down: after input our kernel is asked for a word; when none comes, the peers are told to
// keep their input until it does.
void Streams::watch_kernel() {
  bool relayed = false;
  for (auto& [name, peer] : peers_) relayed |= peer.streams->take_relayed_input();
  if (kernel_watch_ != 0 || !relayed) return;
  asked_ns_ = now_ns();
  context_.ask_kernel();
  kernel_watch_ = context_.after(kKernelLook, [this] { judge_kernel(); });
}

void Streams::judge_kernel() {
  kernel_watch_ = 0;
  const bool heard = context_.kernel_heard_ns() >= asked_ns_;
  const bool silent = !heard && now_ns() - asked_ns_ >= nanoseconds(kKernelSilenceMax);
  if (heard == kernel_silent_ && (heard || silent)) {
    kernel_silent_ = !heard;
    for (auto& [name, peer] : peers_) peer.streams->kernel_silent(kernel_silent_);
    // A silent kernel does not read the log either, and a full one waits.
    if (heard) log_warning("the kernel was silent: what peers typed was not taken");
  }
  if (!heard) kernel_watch_ = context_.after(kKernelLook, [this] { judge_kernel(); });
}

void Streams::end_turn() {
  watch_kernel();
  bool more = false;
  for (auto& [name, peer] : peers_) {
    more |= peer.streams->end_turn();
    peer.streams->link().flush();
    // What was held back while a few frames waited for this flush, and no more: the
    // connection, which took them all, will not say so.
    peer.streams->writable();
  }
  if (!more || std::exchange(turn_due_, true)) return;
  confirm_ = context_.after(kConfirmTime, [this] { turn_due_ = false; });
}

void Streams::tick() {
  for (auto& [name, peer] : peers_) {
    const LinkStatus status = peer.streams->link().status();
    peer.sent.tick(status.sent_bytes + peer.streams->bulk_sent_bytes());
    peer.received.tick(status.received_bytes + peer.streams->bulk_received_bytes());
    tell_state(peer);
  }
  meter_ = context_.after(kMeterTime, [this] { tick(); });
}

}  // namespace dkvm::tcp
