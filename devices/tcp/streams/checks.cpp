#include "devices/tcp/streams/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::tcp {
namespace {

auto lie(std::string what) { return fail(Errc::corrupt, "the peer sent " + std::move(what)); }

bool is_upstream(TopicId topic) {
  switch (static_cast<wire::Topic>(topic)) {
    case wire::Topic::refresh:
    case wire::Topic::feedback:
    case wire::Topic::lock_state:
    case wire::Topic::geometry:
    case wire::Topic::grab:
    case wire::Topic::input_state: return true;
    default: return false;
  }
}

// Names of streams are parts of addresses.
bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

}  // namespace

bool holds_input(const std::vector<std::string>& topics) {
  return std::any_of(topics.begin(), topics.end(), [](const std::string& topic) {
    return topic == "key" || topic == "pointer_button" || topic == "touch" || topic == "*";
  });
}

Result<> check_event(const Frame& event, const Ends& ends) {
  const TopicId topic = event.header.topic();
  if (!verify_event(topic, event.payload))
    return lie(fmt::format("an event of topic {} whose payload is none", topic));
  const std::size_t hops = event.header.hop_count();
  if (hops == 0) return lie("an event without a hop stamp");
  if (event.hop(hops - 1).kernel() != ends.there)
    return lie("an event whose last hop is another kernel");
  bool was_here = false;
  for (std::size_t i = 0; i < hops; ++i) was_here |= event.hop(i).kernel() == ends.here;
  if (event.header.origin_kernel() == ends.here && !was_here)
    return lie("an event of this kernel that was never here");
  return {};
}

Result<> check_upstream(const Frame& message) {
  const TopicId topic = message.header.topic();
  if (!is_upstream(topic)) return lie(fmt::format("topic {} upstream", topic));
  if (!verify_event(topic, message.payload))
    return lie(fmt::format("an upstream message of topic {} whose payload is none", topic));
  if (message.header.buffer_count() != 0) return lie("an upstream message with buffers");
  return {};
}

Result<wire::PortSpecT> read_offer(const Frame& frame) {
  DKVM_TRY(wire::PortOpenT open, read_payload<wire::PortOpenT>(frame.payload));
  if (!open.port) return lie("port_open without a port");
  wire::PortSpecT offer = std::move(*open.port);
  if (offer.id == 0 || offer.id == kKernelPort || offer.id != frame.header.port())
    return lie(fmt::format("port_open with id {} for port {}", offer.id, frame.header.port()));
  if (!is_stream_name(offer.name)) return lie("a stream whose name is none");
  if (offer.direction != wire::Direction::source) return lie("a stream that it does not send");
  if (offer.topics.empty()) return lie("a stream without topics");
  if (offer.topics.size() > kTopicsPerStreamMax)
    return lie(fmt::format("a stream of {} topics, expected at most {}", offer.topics.size(),
                           kTopicsPerStreamMax));
  for (const std::string& topic : offer.topics)
    if (topic.empty() || topic.size() > kNameBytesMax)
      return lie(fmt::format("a topic whose name has {} bytes, expected 1 to {}", topic.size(),
                             kNameBytesMax));
  return offer;
}

}  // namespace dkvm::tcp
