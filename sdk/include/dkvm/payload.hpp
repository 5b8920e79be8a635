#pragma once

#include <dkvm/wire/control_generated.h>
#include <dkvm/bounds.hpp>
#include <dkvm/detail/mold.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>
#include <dkvm/topics.hpp>

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <string>
#include <tuple>

// Payloads: one FlatBuffers table each, verified before it is read.
namespace dkvm {

inline const std::uint8_t* flat_bytes(Bytes bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

namespace detail {

// True when the bytes are a whole table.
template <class Table>
bool is_table(Bytes payload) {
  flatbuffers::Verifier verifier(flat_bytes(payload), payload.size(), kVerifierDepthMax,
                                 kVerifierTablesMax);
  return verifier.VerifyBuffer<Table>(nullptr);
}

}  // namespace detail

// True when the bytes are a whole table and hold no more than the limits allow.
template <class Table>
bool verify_table(Bytes payload) {
  return detail::is_table<Table>(payload) &&
         detail::within_limits(*flatbuffers::GetRoot<Table>(payload.data()));
}

// The table in a payload that was verified.
// Life: points into payload.
template <class Table>
const Table& view_table(Bytes payload) {
  return *flatbuffers::GetRoot<Table>(payload.data());
}

// A table as a plain value, from bytes that nobody has verified yet.
// Errors: Errc::corrupt.
template <class Native>
Result<Native> read_payload(Bytes payload) {
  using Table = typename Native::TableType;
  if (!detail::is_table<Table>(payload))
    return fail(Errc::corrupt,
                std::string("the payload is no valid ") + Table::GetFullyQualifiedName());
  if (!detail::within_limits(view_table<Table>(payload)))
    return fail(Errc::corrupt, std::string("the payload, a ") + Table::GetFullyQualifiedName() +
                                   ", holds more or longer items than the protocol allows");
  Native value;
  view_table<Table>(payload).UnPackTo(&value);
  return value;
}

// True when the payload of an `event` or `upstream` frame is a whole table of
// its topic. Topics of the well-known range that this version does not know
// pass: newer devices may speak them.
inline bool verify_event(TopicId topic, Bytes payload) {
  if (topic >= kCustomTopicFirst) return verify_table<wire::Custom>(payload);
  switch (static_cast<wire::Topic>(topic)) {
    case wire::Topic::key: return verify_table<wire::Key>(payload);
    case wire::Topic::pointer_motion: return verify_table<wire::PointerMotion>(payload);
    case wire::Topic::pointer_button: return verify_table<wire::PointerButton>(payload);
    case wire::Topic::pointer_scroll: return verify_table<wire::PointerScroll>(payload);
    case wire::Topic::touch: return verify_table<wire::Touch>(payload);
    case wire::Topic::input_state: return verify_table<wire::InputState>(payload);
    case wire::Topic::display_frame: return verify_table<wire::DisplayFrame>(payload);
    case wire::Topic::display_mode: return verify_table<wire::DisplayMode>(payload);
    case wire::Topic::cursor: return verify_table<wire::Cursor>(payload);
    case wire::Topic::audio_frame: return verify_table<wire::AudioFrame>(payload);
    case wire::Topic::media_packet: return verify_table<wire::MediaPacket>(payload);
    case wire::Topic::clipboard: return verify_table<wire::Clipboard>(payload);
    case wire::Topic::device_state: return verify_table<wire::DeviceState>(payload);
    case wire::Topic::link_state: return verify_table<wire::LinkState>(payload);
    case wire::Topic::edge_push: return verify_table<wire::EdgePush>(payload);
    case wire::Topic::switch_state: return verify_table<wire::SwitchState>(payload);
    case wire::Topic::refresh: return verify_table<wire::Refresh>(payload);
    case wire::Topic::feedback: return verify_table<wire::Feedback>(payload);
    case wire::Topic::lock_state: return verify_table<wire::LockState>(payload);
    case wire::Topic::geometry: return verify_table<wire::Geometry>(payload);
    case wire::Topic::grab: return verify_table<wire::Grab>(payload);
    case wire::Topic::grabbed: return verify_table<wire::Grabbed>(payload);
    case wire::Topic::none:
    case wire::Topic::custom_first: return false;
  }
  return true;
}

// Turns values into payload bytes, over and over in the same memory.
class PayloadWriter {
 public:
  // Life: the bytes are valid until the next call.
  template <class Native>
  Bytes write(const Native& value) {
    if constexpr (detail::Cast<Native>::kHot)
      if (detail::Cast<Native>::fits(value))
        return std::get<detail::Mold<Native>>(molds_).cast(value);
    builder_.Clear();
    builder_.Finish(Native::TableType::Pack(builder_, &value));
    return {reinterpret_cast<const std::byte*>(builder_.GetBufferPointer()), builder_.GetSize()};
  }

 private:
  flatbuffers::FlatBufferBuilder builder_{256};
  std::tuple<detail::Mold<Key>, detail::Mold<PointerMotion>, detail::Mold<PointerButton>,
             detail::Mold<PointerScroll>>
      molds_;
};

}  // namespace dkvm
