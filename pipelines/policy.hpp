#pragma once

#include <dkvm/topics.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dkvm {

// What an edge does with an event that its sink cannot take yet.
enum class Policy : std::uint8_t {
  lossless,     // bounded; too many become the releases they owe, and a reported gap
  coalesce,     // motion: relatives add up, the last absolute stays
  latest,       // the newest whole one replaces what is queued
  drop_oldest,  // the oldest goes, counted
  deltas,       // after a drop nothing passes until a whole one does
  block,        // the source is paused
};

constexpr std::string_view name(Policy policy) {
  switch (policy) {
    case Policy::lossless: return "lossless";
    case Policy::coalesce: return "coalesce";
    case Policy::latest: return "latest";
    case Policy::drop_oldest: return "drop-oldest";
    case Policy::deltas: return "deltas";
    case Policy::block: return "block";
  }
  return "unknown";
}

// As written in YAML: `drop-oldest`.
constexpr std::optional<Policy> policy_named(std::string_view text) {
  for (const Policy policy : {Policy::lossless, Policy::coalesce, Policy::latest,
                              Policy::drop_oldest, Policy::deltas, Policy::block}) {
    if (name(policy) == text) return policy;
  }
  return std::nullopt;
}

// Entries of one edge; `queue.depth` replaces the default of its policy.
inline constexpr std::size_t kQueueDepthMax = 16'384;
// Entries of one edge under `block`: what a source may have under way when it
// is paused at the largest depth. One that goes on beyond is deaf.
inline constexpr std::size_t kBlockedEntriesMax = 2 * kQueueDepthMax;
constexpr std::size_t default_depth(Policy policy) {
  switch (policy) {
    case Policy::lossless: return 1024;
    case Policy::coalesce: return 1024;
    case Policy::latest: return 4;  // one whole frame and the deltas behind it
    case Policy::drop_oldest: return 16;
    case Policy::deltas: return 64;
    case Policy::block: return 4096;
  }
  return 0;
}

constexpr bool is_held_input(TopicId topic) {
  return topic == id_of(wire::Topic::key) || topic == id_of(wire::Topic::pointer_button);
}

// Input in the sense of `max_age`: replaying it late does harm.
constexpr bool is_input(TopicId topic) {
  return topic >= id_of(wire::Topic::key) && topic <= id_of(wire::Topic::input_state);
}

// Topics whose payload is mostly in buffers: they queue apart from input.
constexpr bool is_bulk(TopicId topic) {
  return topic >= id_of(wire::Topic::display_frame) && topic <= id_of(wire::Topic::media_packet);
}

// The well-known topics whose events may bring buffers; those of one's own may too.
inline constexpr std::array kBufferTopics = {
    id_of(wire::Topic::display_frame), id_of(wire::Topic::cursor), id_of(wire::Topic::audio_frame),
    id_of(wire::Topic::media_packet), id_of(wire::Topic::clipboard)};

constexpr Policy default_policy(TopicId topic) {
  switch (static_cast<wire::Topic>(topic)) {
    case wire::Topic::pointer_motion: return Policy::coalesce;
    case wire::Topic::display_frame:
    case wire::Topic::display_mode:
    case wire::Topic::cursor: return Policy::latest;
    case wire::Topic::audio_frame: return Policy::drop_oldest;
    case wire::Topic::media_packet: return Policy::deltas;
    default: return Policy::lossless;
  }
}

// The policy of one topic on an edge whose pipeline may override it. An
// override never makes losable what must not be lost unseen: keys, buttons,
// scrolls, touches and input states are lossless or block, nothing else.
// Motion alone can coalesce, and of the well-known topics only frames and packets
// have deltas.
constexpr Policy policy_of(TopicId topic, std::optional<Policy> override_policy) {
  const Policy usual = default_policy(topic);
  if (!override_policy || *override_policy == Policy::coalesce) return usual;
  const bool may_have_deltas = topic == id_of(wire::Topic::display_frame) ||
                               topic == id_of(wire::Topic::media_packet) ||
                               topic >= kCustomTopicFirst;
  if (*override_policy == Policy::deltas && !may_have_deltas) return usual;
  const bool keeps_all = *override_policy == Policy::lossless || *override_policy == Policy::block;
  if (is_input(topic) && topic != id_of(wire::Topic::pointer_motion) && !keeps_all) return usual;
  return *override_policy;
}

}  // namespace dkvm
