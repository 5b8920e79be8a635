#include "tests/e2e/net/typist.hpp"

#include <map>

namespace dkvm::test {
namespace {

constexpr std::size_t kLetters = 26;

std::string letter(std::size_t tap) {
  return std::string("KEY_") + static_cast<char>('A' + tap % kLetters);
}

}  // namespace

void Typist::tap(std::size_t taps) {
  for (std::size_t i = 0; i < taps; ++i) keyboard_.tap(letter(taps_++));
}

// Each down is looked for behind the one before it. One that came twice is found a
// whole alphabet later, and the last ones are then not found at all.
Text read(SinkFile& sink, std::size_t taps) {
  Text text;
  std::map<std::string, int> held;
  std::size_t tap = 0;
  for (const SinkFile::Change& change : sink.changes()) {
    if (change.code.size() != letter(0).size()) continue;  // no letter
    held[change.code] += change.down ? 1 : -1;
    if (held[change.code] < 0 || held[change.code] > 1) text.orderly = false;
    if (!change.down) continue;
    while (tap < taps && letter(tap) != change.code) ++tap;
    if (tap++ >= taps) text.orderly = false;
    ++text.came;
  }
  for (const auto& [code, count] : held) text.all_up = text.all_up && count == 0;
  return text;
}

}  // namespace dkvm::test
