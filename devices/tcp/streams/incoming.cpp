#include "devices/tcp/streams/incoming.hpp"

#include <dkvm/log.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dkvm::tcp {

// Of the topics that the peer offers, only what this side asks for becomes the
// kernel's business: it keeps the name of each topic of one's own for ever.
std::vector<std::string> Incoming::topics_for(const WantedStream& wanted) const {
  const auto is_in = [](const std::vector<std::string>& topics, const std::string& topic) {
    return std::find(topics.begin(), topics.end(), topic) != topics.end();
  };
  const auto may_bring = [this](const std::string& topic) {
    if (topic == "*" || well_known_topic(topic) || shared_.unasked_topics.contains(topic))
      return true;
    return shared_.unasked_topics.size() < kUnaskedTopicsMax &&
           shared_.unasked_topics.insert(topic).second;
  };
  std::vector<std::string> topics;
  for (const std::string& topic : offer_.topics) {
    if (is_in(wanted.topics, topic) || (is_in(wanted.topics, "*") && may_bring(topic)))
      topics.push_back(topic);
  }
  if (is_in(offer_.topics, "*") && !is_in(wanted.topics, "*")) topics = wanted.topics;
  // What is held is part of the keys, asked for or not.
  const std::string state = wire::EnumNameTopic(wire::Topic::input_state);
  if (holds_input(topics) && is_in(offer_.topics, state) && !is_in(topics, state))
    topics.push_back(state);
  return topics;
}

void Incoming::want(const WantedStream& wanted) {
  if (port_) return;
  taken_topics_ = topics_for(wanted);
  if (taken_topics_.empty()) return;
  if (address().size() > kNameBytesMax)
    return log_warning(fmt::format("link/{} is left out: its name has more than {} bytes",
                                   address(), kNameBytesMax));
  PortManifest manifest;
  manifest.id = shared_.port_ids.take();
  manifest.name = address();
  manifest.topics = taken_topics_;
  manifest.live = true;
  manifest.peer = shared_.link.name();
  const auto declares = [&](const char* topic) {
    return std::find(taken_topics_.begin(), taken_topics_.end(), topic) != taken_topics_.end();
  };
  // What lets go when the peer is silent.
  if (holds_input(taken_topics_) && !declares("input_state") && !declares("*"))
    manifest.topics.push_back("input_state");
  if (manifest.id == 0) return log_warning("no port is left for link/" + manifest.name);
  auto opened_port = shared_.context.open_source(std::move(manifest));
  if (!opened_port) return log_error(opened_port.error().message());
  port_ = std::move(*opened_port);
  port_->on_upstream_any([this](const Frame& message) { pass_upstream(message); });
  opened();
  begin_if_ready();
}

// Topics of one's own have no number until the kernel has answered.
void Incoming::begin_if_ready() {
  if (!port_ || begun_) return;
  if (shared_.kernel_silent && holds_input(taken_topics_)) return;
  topics_.clear();
  for (const std::string& topic : taken_topics_) {
    const TopicId id = shared_.context.topic_id(topic);
    if (topic == "*")
      takes_all_ = true;
    else if (id == 0)
      return;
    topics_.push_back(id);
  }
  begun_ = true;
  shared_.signal(wire::FrameKind::resume, offer_.id);
}

// The peer offers it anew, which is no doing of its own.
void Incoming::decline() {
  if (!std::exchange(begun_, false)) return;
  shared_.signal(wire::FrameKind::pause, offer_.id);
  shared_.changes.give_back();
}

void Incoming::kernel_silent() {
  if (holds_input(taken_topics_)) decline();
}

void Incoming::unwant() {
  decline();
  closing();
  close();
}

void Incoming::close() {
  begun_ = false;
  if (!port_) return;
  const std::uint16_t id = port_->id();
  port_ = nullptr;
  // It fails only when the device ends, and the port with it.
  [[maybe_unused]] const auto ended = shared_.context.close_port(id);
  shared_.port_ids.give_back(id);
}

void Incoming::pass_upstream(const Frame& message) {
  Frame frame = message;
  frame.header.mutate_port(offer_.id);
  shared_.send(frame);
}

Result<std::optional<Incoming::Admitted>> Incoming::admit(const Frame& event) {
  const std::uint64_t sequence = event.header.sequence();
  if (sequence == 0) {
    DKVM_CHECK(let_go(event));
    return std::nullopt;
  }
  if (sequence <= last_) return std::nullopt;  // sent once more, and had before
  last_ = sequence;
  Admitted admitted{event};
  DKVM_TRY(const bool known, translate(admitted.event));
  if (!known || !port_) {
    ++shared_.drops.unasked;
    return std::nullopt;
  }
  DKVM_CHECK(check_event(admitted.event, shared_.ends()));
  const std::uint64_t now = now_ns();
  if (too_old(admitted.event, shared_.link.to_local(last_sent_ns(event)), now)) {
    ++shared_.drops.stale;
    return std::nullopt;
  }
  admitted.capture_ns = clock_.at(shared_.link.to_local(event.header.capture_ns()));
  return admitted;
}

// The peer's number of a topic becomes ours. False for one that this kernel, or
// this stream, does not know.
// Errors: Errc::corrupt for a number whose name was not told.
Result<bool> Incoming::translate(Frame& event) {
  const TopicId theirs = event.header.topic();
  if (theirs >= kCustomTopicFirst) {
    const std::string& name = shared_.topics.name(theirs);
    if (name.empty())
      return fail(Errc::corrupt, fmt::format("the peer sent topic {}, which has no name", theirs));
    const TopicId ours = shared_.context.topic_id(name);
    if (ours == 0) return false;
    event.header.mutate_topic(ours);
  }
  return carries(event.header.topic());
}

bool Incoming::carries(TopicId topic) const {
  return takes_all_ || std::find(topics_.begin(), topics_.end(), topic) != topics_.end();
}

Result<> Incoming::let_go(const Frame& event) {
  if (event.header.topic() != id_of(wire::Topic::input_state) ||
      !verify_event(event.header.topic(), event.payload))
    return fail(Errc::corrupt, "the peer sent an event without a number");
  release();
  return {};
}

void Incoming::tell_again() {
  shared_.signal(begun_ ? wire::FrameKind::resume : wire::FrameKind::pause, offer_.id);
  shared_.signal(wire::FrameKind::applied, offer_.id, last_);
}

void Incoming::relay(const Admitted& admitted) {
  if (!port_) return;
  const auto sent = port_->relay(admitted.event, admitted.capture_ns);
  if (!sent) return count_lost(sent.error());
  shared_.relayed_input = shared_.relayed_input || is_input(admitted.event.header.topic());
}

bool Incoming::relay(const Admitted& admitted, Slot slot, std::uint64_t bytes) {
  const auto sent = port_->relay(std::move(slot), bytes, admitted.event, admitted.capture_ns);
  if (!sent) count_lost(sent.error());
  return sent.has_value();
}

void Incoming::count_lost(const Error& why) {
  if (why.code() == Errc::overloaded)
    ++shared_.drops.refused;
  else
    ++shared_.drops.late;
}

void Incoming::release() {
  // An error means that the kernel is gone: the next read says so.
  if (port_ && holds_input(taken_topics_)) [[maybe_unused]]
    const auto sent = port_->emit(InputState{});
}

void Incoming::silent() {
  if (!std::exchange(released_, port_ && holds_input(taken_topics_))) release();
}

void Incoming::heard() {
  if (std::exchange(released_, false)) say_upstream(InputState{});
}

void Incoming::confirm() {
  if (!unconfirmed()) return;
  confirmed_ = last_;
  shared_.signal(wire::FrameKind::applied, offer_.id, confirmed_);
}

}  // namespace dkvm::tcp
