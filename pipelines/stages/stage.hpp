#pragma once

#include <dkvm/topics.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace dkvm {

// The id of a topic name, interned when it is new; 0 when there is no room.
using TopicResolver = std::function<TopicId(std::string_view)>;

// One step of an edge's `via`. Sees every event but the ups of keys and
// buttons: those follow the way that their downs took.
class Stage {
 public:
  virtual ~Stage() = default;

  // False drops the event. The payload is the edge's own copy: verified, and
  // to be changed in place only, through FlatBuffers' mutators.
  virtual bool pass(TopicId topic, std::span<std::byte> payload) = 0;
};

}  // namespace dkvm
