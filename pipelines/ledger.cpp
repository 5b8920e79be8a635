#include "pipelines/ledger.hpp"

#include "pipelines/expect.hpp"

namespace dkvm::detail {

std::vector<EdgeHolds::Hold> EdgeHolds::list() const {
  std::vector<Hold> holds;
  if (count_ == 0) return holds;
  holds.reserve(count_);
  for (std::size_t input = 1; input < kInputCodesMax; ++input) {
    const std::uint16_t output = (*outputs_)[input];
    if (output != 0) holds.push_back({static_cast<std::uint16_t>(input), output});
  }
  return holds;
}

Press SinkHolds::press(EdgeHolds& edge, std::uint16_t input, std::uint16_t output, TopicId topic) {
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

Lift SinkHolds::lift(EdgeHolds& edge, std::uint16_t input, std::uint16_t& output) {
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

void SinkHolds::join(const EdgeHolds& edge) {
  for (const EdgeHolds::Hold& hold : edge.list()) {
    Code& entry = code(hold.output);
    const bool held_before = entry.held();
    ++entry.holders;
    count(entry, held_before);
  }
}

TopicId SinkHolds::topic(std::uint16_t number) const {
  const bool button = codes_ && (*codes_)[number].button;
  return id_of(button ? wire::Topic::pointer_button : wire::Topic::key);
}

bool SinkHolds::give(std::uint16_t number, bool down, std::uint64_t sequence) {
  Code& entry = code(number);
  if (entry.given == down) return false;
  const bool held_before = entry.held();
  entry.given = down;
  entry.sequence = sequence;
  count(entry, held_before);
  return true;
}

CodeBits SinkHolds::given_all() const {
  CodeBits bits;
  if (!codes_) return bits;
  for (std::size_t i = 1; i < kInputCodesMax; ++i) bits[i] = (*codes_)[i].given;
  return bits;
}

void SinkHolds::forget(const CodeBits& kept, std::uint64_t applied) {
  if (!codes_) return;
  for (std::size_t i = 1; i < kInputCodesMax; ++i) {
    Code& entry = (*codes_)[i];
    if (!entry.given || kept[i] || entry.sequence > applied) continue;
    entry.given = false;
    count(entry, true);
  }
}

std::vector<std::uint16_t> SinkHolds::doubtful(std::uint64_t applied) const {
  std::vector<std::uint16_t> codes;
  if (!codes_) return codes;
  for (std::size_t i = 1; i < kInputCodesMax; ++i) {
    const Code& entry = (*codes_)[i];
    if (entry.given || entry.sequence > applied) codes.push_back(static_cast<std::uint16_t>(i));
  }
  return codes;
}

}  // namespace dkvm::detail
