#include "pipelines/ledger.hpp"

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
