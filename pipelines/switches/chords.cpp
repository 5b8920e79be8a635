#include "pipelines/switches/chords.hpp"

namespace dkvm::detail {

Chords::Chords(std::vector<std::vector<std::uint16_t>> chords) { replace(std::move(chords)); }

void Chords::replace(std::vector<std::vector<std::uint16_t>> chords) {
  chords_ = std::move(chords);
  sets_.clear();
  last_.reset();
  for (const auto& chord : chords_) {
    CodeBits set;
    for (const std::uint16_t code : chord)
      if (is_code(code)) set.set(code);
    sets_.push_back(set);
    if (!chord.empty() && is_code(chord.back())) last_.set(chord.back());
  }
}

Chords::Stroke Chords::key(std::size_t place, std::uint16_t code, bool down) {
  if (!is_code(code)) return {};
  if (place >= down_.size()) down_.resize(place + 1);
  if (!down) {
    const bool pass = !withheld_[code];
    down_[place].reset(code);
    if (!pass && !held()[code]) withheld_.reset(code);
    return {pass};
  }
  Stroke stroke{!withheld_[code]};
  const bool fresh = last_[code] && !held()[code];
  down_[place].set(code);
  if (!fresh) return stroke;
  stroke.chord = completed(code);
  if (!stroke.chord) return stroke;
  withheld_.set(code);
  stroke.pass = false;
  return stroke;
}

std::optional<std::size_t> Chords::completed(std::uint16_t code) const {
  const CodeBits down = held();
  for (std::size_t i = 0; i < chords_.size(); ++i)
    if (chords_[i].back() == code && sets_[i] == down) return i;
  return std::nullopt;
}

void Chords::only(std::size_t place, const CodeBits& pressed) {
  if (place >= down_.size()) return;
  down_[place] &= pressed;
  withheld_ &= held();
}

void Chords::withhold(std::size_t chord) { withheld_ |= sets_[chord] & held(); }

CodeBits Chords::held() const {
  CodeBits all;
  for (const CodeBits& down : down_) all |= down;
  return all;
}

}  // namespace dkvm::detail
