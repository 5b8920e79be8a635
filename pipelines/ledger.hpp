#pragma once

#include "pipelines/expect.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/limits.hpp>
#include <dkvm/topics.hpp>

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

// Who holds which key down where. Pure bookkeeping: O(1) an event, no
// allocation after the first.
namespace dkvm::detail {

using CodeBits = std::bitset<kInputCodesMax>;

// Code 0 (KEY_RESERVED) is no key: it stands for "none" here.
constexpr bool is_code(std::uint16_t code) { return code != 0 && code < kInputCodesMax; }

// What one edge holds: for each input code that is down at its source, the
// output code that its down became. Later changes of a remap do not touch it.
class EdgeHolds {
 public:
  // 0 when the input code is not held.
  std::uint16_t output(std::uint16_t input) const {
    return outputs_ && is_code(input) ? (*outputs_)[input] : std::uint16_t{0};
  }

  void set(std::uint16_t input, std::uint16_t output) {
    if (!outputs_) outputs_ = std::make_unique<Outputs>();
    if ((*outputs_)[input] == 0) ++count_;
    (*outputs_)[input] = output;
  }

  void clear(std::uint16_t input) {
    if (output(input) == 0) return;
    (*outputs_)[input] = 0;
    --count_;
  }

  std::size_t count() const { return count_; }

  // As (input, output) pairs: a copy, so that they may be cleared meanwhile.
  struct Hold {
    std::uint16_t input;
    std::uint16_t output;
  };
  std::vector<Hold> list() const;

 private:
  using Outputs = std::array<std::uint16_t, kInputCodesMax>;

  std::unique_ptr<Outputs> outputs_;
  std::size_t count_ = 0;
};

enum class Press : std::uint8_t {
  first,      // the down goes out
  merged,     // another holder has it down already
  duplicate,  // this holder has it down already
};

enum class Lift : std::uint8_t {
  last,    // the up goes out
  kept,    // another holder keeps it down
  orphan,  // nothing was down
};

// One port of a sink: the holders of each output code, and what the sink was
// given so far. Both agree once the queue between them is empty.
class SinkHolds {
 public:
  // --- wanted: what the holders say ------------------------------------------

  Press press(EdgeHolds& edge, std::uint16_t input, std::uint16_t output, TopicId topic);
  // output: the code that its down became, for `last` and `kept`.
  Lift lift(EdgeHolds& edge, std::uint16_t input, std::uint16_t& output);
  // Counts in what an edge holds already; it has come (back) to this port.
  void join(const EdgeHolds& edge);

  bool wanted(std::uint16_t code) const { return codes_ && (*codes_)[code].holders != 0; }
  // Key or pointer_button: the topic of the code's latest down.
  TopicId topic(std::uint16_t code) const;

  // --- given: what the sink has been sent ------------------------------------

  // False when the sink needs no such event: it is in that state already.
  bool give(std::uint16_t code, bool down, std::uint64_t sequence);
  bool given(std::uint16_t code) const { return codes_ && (*codes_)[code].given; }
  CodeBits given_all() const;

  // The sink let go by itself of what is not in `kept`, after it had done
  // everything up to `applied`. What it may have got later must still be
  // lifted: those codes stay given.
  void forget(const CodeBits& kept, std::uint64_t applied);

  // Given and down, or lifted by an event that is not applied yet.
  std::vector<std::uint16_t> doubtful(std::uint64_t applied) const;

  // Codes that are wanted or given.
  std::size_t held() const { return held_; }
  bool used() const { return codes_ != nullptr; }

 private:
  struct Code {
    std::uint64_t sequence = 0;  // of the last event given
    std::uint16_t holders = 0;
    bool given = false;
    bool button = false;

    bool held() const { return given || holders != 0; }
  };
  using Codes = std::array<Code, kInputCodesMax>;

  Code& code(std::uint16_t number) {
    if (!codes_) codes_ = std::make_unique<Codes>();
    return (*codes_)[number];
  }
  void count(const Code& code, bool held_before) {
    if (code.held() != held_before) held_ += held_before ? std::size_t(-1) : std::size_t{1};
  }

  std::unique_ptr<Codes> codes_;
  std::size_t held_ = 0;
};

inline Press SinkHolds::press(EdgeHolds& edge, std::uint16_t input, std::uint16_t output,
                              TopicId topic) {
  expect(is_code(input) && is_code(output), "only evdev codes reach the ledger");
  if (edge.output(input) != 0) return Press::duplicate;
  edge.set(input, output);
  Code& entry = code(output);
  const bool held_before = entry.held();
  const bool first = entry.holders++ == 0;
  if (first) entry.button = topic == id_of(wire::Topic::pointer_button);
  count(entry, held_before);
  return first ? Press::first : Press::merged;
}

inline Lift SinkHolds::lift(EdgeHolds& edge, std::uint16_t input, std::uint16_t& output) {
  output = edge.output(input);
  if (output == 0) return Lift::orphan;
  edge.clear(input);
  Code& entry = code(output);
  expect(entry.holders != 0, "a hold of an edge is counted at its sink");
  const bool held_before = entry.held();
  --entry.holders;
  count(entry, held_before);
  return entry.holders == 0 ? Lift::last : Lift::kept;
}

inline bool SinkHolds::give(std::uint16_t number, bool down, std::uint64_t sequence) {
  Code& entry = code(number);
  if (entry.given == down) return false;
  const bool held_before = entry.held();
  entry.given = down;
  entry.sequence = sequence;
  count(entry, held_before);
  return true;
}

}  // namespace dkvm::detail
