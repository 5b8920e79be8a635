#include "devices/tcp/streams/bulk_outgoing.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::tcp {
namespace {

bool names(const std::vector<std::string>& topics, const char* topic) {
  return std::find(topics.begin(), topics.end(), topic) != topics.end();
}

bool has_chain(TopicId topic) {
  return topic == id_of(wire::Topic::display_frame) || topic == id_of(wire::Topic::media_packet);
}

}  // namespace

BulkOutgoing::BulkOutgoing(Shared& shared, StreamId id, WantedStream wanted)
    : Outgoing(shared, id, std::move(wanted)),
      takes_packets_(names(this->wanted().topics, "media_packet")) {}

bool BulkOutgoing::carry(const Frame& event, const EventInfo& info) {
  const TopicId topic = event.header.topic();
  const bool delta = (event.header.flags() & kFlagDelta) != 0;
  const std::uint64_t body = event.header.buffer_count() == 0 ? 0 : info.bytes().size();
  const bool unreadable = event.header.buffer_count() != 0 && body == 0;
  if (event.header.buffer_count() > 1 || unreadable ||
      (refused_bytes_ != 0 && body >= refused_bytes_)) {
    ++shared_.drops.oversize;
    meter_.dropped();
    if (has_chain(topic)) broken_ = true;
    return false;
  }
  if (has_chain(topic) && !delta) broken_ = false;
  has_deltas_ = has_deltas_ || delta;
  if (broken_ && delta) {
    ++shared_.drops.late;
    meter_.dropped();
    want_refresh();
    return false;
  }
  Waiting waiting{{}, event.header.sequence(), topic, body, {}};
  shared_.announce(topic);
  Frame frame = for_peer(event);
  wire::BufferRef ref;
  ref.mutate_length(body);
  frame.buffers = body == 0 ? Bytes{} : std::as_bytes(std::span(&ref, 1));
  append_frame(waiting.event, frame);
  if (body != 0) waiting.lease = std::make_shared<Lease>(info.keep());
  if (has_chain(topic) && !delta && supersedes(topic)) make_way();
  meter_.add(waiting.sequence, waiting.event.size() + body, event.header.capture_ns(), now_ns());
  waiting_.push_back(std::move(waiting));
  pump();
  tell_way();
  return true;
}

// Packets that are all whole are sound's: each says something else.
bool BulkOutgoing::supersedes(TopicId topic) const {
  return topic != id_of(wire::Topic::media_packet) || has_deltas_;
}

// Producers of packets hear what the way takes, and make less of them.
void BulkOutgoing::tell_way() {
  if (!port_ || !takes_packets_) return;
  if (const auto news = meter_.news(now_ns()))
      // An error means that the kernel is gone: the next read says so.
      [[maybe_unused]]
    const auto told = port_->send_upstream(*news);
}

// A whole picture takes the place of those that still wait.
void BulkOutgoing::make_way() {
  std::erase_if(waiting_, [this](const Waiting& old) {
    if (!has_chain(old.topic)) return false;
    ++shared_.drops.late;
    drop(old);
    return true;
  });
}

void BulkOutgoing::pump() {
  while (!waiting_.empty() && send_next()) {
  }
  set_paused(!waiting_.empty() || !shared_.sends());
}

bool BulkOutgoing::send_next() {
  if (!shared_.bulk_id) return false;
  Waiting& next = waiting_.front();
  if (ahead_bytes_ > kAheadBytesMax || sent_.size() >= kUnconfirmedEventsMax) return false;
  if (next.body_bytes != 0) {
    const std::uint32_t slot = slot_for(next.body_bytes);
    if (slot == 0) return false;
    wire::BufferRef ref(0, slot, 0, 0, 0, 0, next.body_bytes);
    std::memcpy(next.event.data() + kHeaderBytes, &ref, kBufferRefBytes);
  }
  const BulkId bulk = *shared_.bulk_id;
  const std::uint64_t bytes = next.event.size() + next.body_bytes;
  ahead_bytes_ += bytes;
  const std::uint64_t token = shared_.loans.lend(bulk, {id_, next.sequence, bytes}, next.lease);
  shared_.bulk.send(bulk, {id_, token, next.event, next.lease ? next.lease->bytes() : Bytes{}});
  sent_.insert_or_assign(next.sequence, std::move(next));
  waiting_.pop_front();
  return true;
}

// The number of a granted slot that has room; 0 when there is none: then such are
// asked for.
std::uint32_t BulkOutgoing::slot_for(std::uint64_t bytes) {
  const auto found = std::find_if(credits_.begin(), credits_.end(),
                                  [=](const Credit& credit) { return credit.bytes >= bytes; });
  if (found != credits_.end()) {
    const std::uint32_t number = found->number;
    credits_.erase(credits_.begin(), std::next(found));  // those before it are passed over
    return number;
  }
  if (asked_bytes_ < bytes) {
    asked_bytes_ = bytes;
    wire::PoolOpenT open;
    open.slot_bytes = bytes;
    open.port = id_;
    shared_.send_table(wire::FrameKind::pool_open, id_, open);
  }
  return 0;
}

Result<> BulkOutgoing::credit(const Granted& granted) {
  for (const wire::BufferRef& slot : granted.slots) {
    const bool rises = credits_.empty() || slot.slot() > credits_.back().number;
    if (slot.slot() == 0 || !rises || credits_.size() >= kCreditsMax)
      return fail(Errc::corrupt, fmt::format("the peer grants slot {} out of order", slot.slot()));
    credits_.push_back({slot.slot(), slot.length()});
    if (slot.length() >= refused_bytes_) refused_bytes_ = 0;
  }
  pump();
  return {};
}

void BulkOutgoing::refused() {
  if (asked_bytes_ == 0) return;
  refused_bytes_ = asked_bytes_;
  asked_bytes_ = 0;
  log_warning(fmt::format("link/{}/{}: the peer has no room for {} bytes at a time", wanted_.peer,
                          wanted_.name, refused_bytes_));
  std::erase_if(waiting_, [this](const Waiting& event) {
    if (event.body_bytes < refused_bytes_) return false;
    ++shared_.drops.oversize;
    lose(event);
    return true;
  });
  pump();
}

void BulkOutgoing::confirm(std::uint64_t sequence) {
  sent_.erase(sent_.begin(), sent_.upper_bound(sequence));
  Outgoing::confirm(sequence);
}

void BulkOutgoing::done(const Loans::Parcel& parcel) {
  ahead_bytes_ -= parcel.bytes;
  const auto found = sent_.find(parcel.sequence);
  if (found != sent_.end() && may_be_late(found->second.topic)) sent_.erase(found);
  meter_.written(parcel.sequence, now_ns());
  pump();
  tell_way();
}

// A new connection begins without slots; what was on the old one is lost, or
// sent again when it must not be.
void BulkOutgoing::bulk_changed() {
  credits_.clear();
  asked_bytes_ = 0;
  if (!shared_.bulk_id) {
    forget_sent();
  } else {
    pump();
  }
}

void BulkOutgoing::forget_sent() {
  ahead_bytes_ = 0;
  meter_.clear();
  std::deque<Waiting> again;
  for (auto& [sequence, event] : sent_) {
    if (may_be_late(event.topic)) continue;
    event.body_bytes = event.lease ? event.lease->bytes().size() : 0;
    again.push_back(std::move(event));
  }
  sent_.clear();
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(again));
  waiting_ = std::move(again);
  const std::uint64_t lost = progress_.keep([this](std::uint64_t sequence) {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [=](const Waiting& event) { return event.sequence == sequence; });
  });
  report_progress();
  if (lost == 0) return;
  shared_.drops.late += lost;
  broken_ = true;
  want_refresh();
}

// One whose place a newer one takes.
void BulkOutgoing::drop(const Waiting& event) {
  meter_.dropped(event.sequence);
  progress_.dropped(event.sequence);
  report_progress();
}

// One that nothing makes up for.
void BulkOutgoing::lose(const Waiting& event) {
  drop(event);
  if (!has_chain(event.topic)) return;
  broken_ = true;
  want_refresh();
}

void BulkOutgoing::want_refresh() {
  if (!port_) return;
  Refresh refresh;
  refresh.what = wire::RefreshWhat::frame;
  [[maybe_unused]] const auto asked = port_->send_upstream(refresh);
}

}  // namespace dkvm::tcp
