#pragma once

#include <dkvm/frame.hpp>
#include <dkvm/topics.hpp>

#include <cstddef>

// Events that mean nothing without those before them.
namespace dkvm::detail {

// Whether a loss before it, or of it, makes others useless.
inline bool has_deltas(const wire::FrameHeader& header) {
  return (header.flags() & kFlagDelta) != 0 ||
         header.topic() == id_of(wire::Topic::display_frame) ||
         header.topic() == id_of(wire::Topic::media_packet);
}

// Which chain of deltas a topic belongs to: one for pictures, one for packets,
// one for everything else.
constexpr std::size_t chain_of(TopicId topic) {
  if (topic == id_of(wire::Topic::display_frame)) return 0;
  if (topic == id_of(wire::Topic::media_packet)) return 1;
  return 2;
}

}  // namespace dkvm::detail
