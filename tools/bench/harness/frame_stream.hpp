#pragma once

#include "tools/bench/harness/control.hpp"

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/time.hpp>

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

// The frames of a round: numbered from 1, every byte of one is the low byte of
// its number, the last one says so. A sink sees from them alone what is lost.
namespace dkvm::bench {

inline constexpr std::size_t kLargestFrameBytes = 32 * 1024 * 1024;
inline constexpr std::size_t kPageBytes = 4096;

// What sinks read when an event brings no buffer: as many bytes of memory that
// they share, too. The file lies beside the control socket.
inline std::string common_memory_path(const std::string& control) { return control + ".memory"; }

inline void paint(std::span<std::byte> frame, std::uint64_t number) {
  if (!frame.empty()) std::memset(frame.data(), static_cast<int>(number & 0xff), frame.size());
}

struct FrameMark {
  std::uint64_t number = 0;
  bool last = false;
};

// The mark of a frame in its event, where the kernel does not look.
inline DisplayFrame frame_of(FrameMark mark) {
  DisplayFrame frame;
  frame.epoch = static_cast<std::uint32_t>(mark.number);
  frame.height = mark.last ? 1 : 2;
  return frame;
}
inline FrameMark mark_of(const DisplayFrame& frame) { return {frame.epoch, frame.height == 1}; }

// What a sink sees of a round.
class FrameCollector {
 public:
  void begin(const Order& order) {
    outcome_ = {};
    latencies_.clear();
    latencies_.reserve(kSamplesMax);
    reading_ = static_cast<Reading>(order.measure);
    number_ = 0;
  }

  // The time first, then the bytes. True with the last frame of the round.
  // painted: they are as paint() left them, and count as disorder otherwise
  bool take(FrameMark mark, std::uint64_t capture_ns, Bytes bytes, bool painted) {
    const std::uint64_t now = now_ns();
    if (outcome_.events++ == 0) outcome_.first_ns = now;
    outcome_.last_ns = now;
    outcome_.address = reinterpret_cast<std::uintptr_t>(bytes.data());
    if (latencies_.size() < kSamplesMax)
      latencies_.push_back(static_cast<std::uint32_t>(now - capture_ns));
    if (mark.number <= number_)
      ++outcome_.disorders;
    else
      outcome_.lost += mark.number - number_ - 1;
    number_ = mark.number;
    if (!read(bytes, mark.number) && painted) ++outcome_.disorders;
    return mark.last;
  }

  // Reads what was not handed off in the same way.
  void look(Bytes bytes) { unmarked_ += read(bytes, 0) ? 0 : 1; }

  void report(const ControlLink& control) const { control.report(outcome_, latencies_); }

 private:
  // False when a word is another than it was painted as.
  bool read(Bytes bytes, std::uint64_t number) const {
    const std::size_t step = reading_ == Reading::all ? sizeof(std::uint64_t) : kPageBytes;
    const std::uint64_t painted = 0x0101010101010101 * (number & 0xff);
    std::uint64_t others = 0;
    for (std::size_t at = 0; at + sizeof(painted) <= bytes.size(); at += step) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, sizeof(word));
      others |= word ^ painted;
    }
    return others == 0;
  }

  Outcome outcome_;
  std::vector<std::uint32_t> latencies_;
  Reading reading_ = Reading::pages;
  std::uint64_t number_ = 0;
  std::uint64_t unmarked_ = 0;  // keeps the reads of look() from being left out
};

}  // namespace dkvm::bench
