#include "config/suggest.hpp"

#include <algorithm>
#include <vector>

namespace dkvm::detail {
namespace {

constexpr std::size_t kWordBytesMax = 64;  // longer words are not compared: O(n * m)
constexpr std::size_t kQuotedBytesMax = 40;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_last(to.size() + 1), last(to.size() + 1), row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replace = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[to.size()];
}

std::string_view closest(std::string_view written, std::span<const std::string_view> candidates) {
  if (written.empty() || written.size() > kWordBytesMax) return {};
  std::string_view best;
  // A third of the word may be wrong, one letter of a short one.
  std::size_t best_distance = std::max<std::size_t>(1, written.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kWordBytesMax) continue;
    const std::size_t distance = edit_distance(written, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view written, std::span<const std::string_view> candidates) {
  const std::string_view best = closest(written, candidates);
  return best.empty() ? "" : " (did you mean '" + std::string(best) + "'?)";
}

std::string one_of(std::span<const std::string_view> choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += choices[i];
  }
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  std::size_t length = std::min(text.size(), kQuotedBytesMax);
  while (length < text.size() && length > 0 && is_continuation(text[length])) --length;
  for (const char c : text.substr(0, length))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  if (length < text.size()) out += "…";
  return out + "'";
}

}  // namespace dkvm::detail
