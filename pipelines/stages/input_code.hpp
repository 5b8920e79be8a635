#pragma once

#include <dkvm/wire/events_generated.h>
#include <dkvm/topics.hpp>

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <span>

// The code inside the payloads of keys and buttons, read and changed in place.
namespace dkvm::detail {

inline constexpr std::uint16_t kNoCode = 0xFFFF;

// kNoCode for topics without one.
inline std::uint16_t input_code(TopicId topic, std::span<const std::byte> payload) {
  if (topic == id_of(wire::Topic::key))
    return flatbuffers::GetRoot<wire::Key>(payload.data())->code();
  if (topic == id_of(wire::Topic::pointer_button))
    return flatbuffers::GetRoot<wire::PointerButton>(payload.data())->code();
  return kNoCode;
}

// Whether a key or button goes down.
inline bool input_down(TopicId topic, std::span<const std::byte> payload) {
  if (topic == id_of(wire::Topic::key))
    return flatbuffers::GetRoot<wire::Key>(payload.data())->down();
  return flatbuffers::GetRoot<wire::PointerButton>(payload.data())->down();
}

// False when the payload has no room for it, which happens for code 0 only.
inline bool set_input_code(TopicId topic, std::span<std::byte> payload, std::uint16_t code) {
  if (topic == id_of(wire::Topic::key))
    return flatbuffers::GetMutableRoot<wire::Key>(payload.data())->mutate_code(code);
  return flatbuffers::GetMutableRoot<wire::PointerButton>(payload.data())->mutate_code(code);
}

}  // namespace dkvm::detail
