#pragma once

#include "tools/bench/harness/control.hpp"

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/time.hpp>

#include <cstdint>
#include <vector>

// The events of a round: one key alternately down and up, then another one down
// and up, which marks the end. A sink sees from them alone whether anything is
// missing or out of order.
namespace dkvm::bench {

inline constexpr std::uint16_t kStreamCode = 30;  // KEY_A
inline constexpr std::uint16_t kEndCode = 1;      // KEY_ESC

struct KeyStep {
  std::uint16_t code = kStreamCode;
  bool down = false;
};

// The steps of one source, round after round.
class KeySteps {
 public:
  KeyStep next() { return {kStreamCode, down_ = !down_}; }
  // Nothing is held: the round may end here.
  bool at_rest() const { return !down_; }

 private:
  bool down_ = false;
};

// What a sink sees of a round.
class KeyCollector {
 public:
  void begin(bool measure) {
    outcome_ = {};
    latencies_.clear();
    latencies_.reserve(kSamplesMax);
    measure_ = measure;
    expect_down_ = true;
  }

  // True with the last event of the round.
  bool take(KeyStep step, std::uint64_t capture_ns) {
    if (step.code == kEndCode) {
      outcome_.last_ns = now_ns();
      return !step.down;
    }
    if (step.down != expect_down_) ++outcome_.disorders;
    expect_down_ = !step.down;
    if (outcome_.events++ == 0) outcome_.first_ns = now_ns();
    if (measure_ && latencies_.size() < kSamplesMax)
      latencies_.push_back(static_cast<std::uint32_t>(now_ns() - capture_ns));
    return false;
  }

  bool take(const Frame& frame) {
    const auto& key_event = view_table<wire::Key>(frame.payload);
    return take({key_event.code(), key_event.down()}, frame.header.capture_ns());
  }

  const Outcome& outcome() const { return outcome_; }
  void report(const ControlLink& control) const { control.report(outcome_, latencies_); }

 private:
  Outcome outcome_;
  std::vector<std::uint32_t> latencies_;
  bool measure_ = false;
  bool expect_down_ = true;
};

// The frames of the steps as a device's SDK would write them, made once: what
// the peers carry is byte for byte as much.
class KeyFrames {
 public:
  KeyFrames() {
    for (const std::uint16_t code : {kStreamCode, kEndCode})
      for (const bool down : {false, true}) {
        PayloadWriter writer;
        Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(key(code, down))};
        frame.header.mutate_port(1);
        frame.header.mutate_topic(id_of(wire::Topic::key));
        append_frame(frames_[index({code, down})], frame);
      }
  }

  // Life: valid until the next call for the same step.
  Bytes make(KeyStep step, std::uint64_t capture_ns) {
    std::vector<std::byte>& bytes = frames_[index(step)];
    auto* header = reinterpret_cast<wire::FrameHeader*>(bytes.data());
    header->mutate_sequence(++sequence_);
    header->mutate_capture_ns(capture_ns);
    return bytes;
  }

 private:
  static std::size_t index(KeyStep step) {
    return (step.code == kEndCode ? 2U : 0U) + (step.down ? 1U : 0U);
  }

  std::vector<std::byte> frames_[4];
  std::uint64_t sequence_ = 0;
};

}  // namespace dkvm::bench
