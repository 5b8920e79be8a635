#pragma once

#include <dkvm/payload.hpp>

#include <cstdint>

namespace dkvm::detail {

// Payloads of the events that the router makes itself.
// Life: the bytes are valid until the next call.
class MadePayloads {
 public:
  Bytes held(TopicId topic, std::uint16_t code, bool down) {
    return topic == id_of(wire::Topic::key) ? writer_.write(key(code, down))
                                            : writer_.write(button(code, down));
  }

  Bytes cancelled_touch(std::int32_t id) {
    Touch touch;
    touch.id = id;
    touch.phase = wire::TouchPhase::cancel;
    return writer_.write(touch);
  }

  Bytes motion(const PointerMotion& motion) { return writer_.write(motion); }

  Bytes refresh(wire::RefreshWhat what) {
    Refresh message;
    message.what = what;
    return writer_.write(message);
  }

 private:
  PayloadWriter writer_;
};

}  // namespace dkvm::detail
