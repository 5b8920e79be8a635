#include "tools/dkvmctl/style.hpp"

namespace dkvm::ctl {
namespace {

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::title: return "\x1b[1m";
    case Tone::good: return "\x1b[32m";
    case Tone::careful: return "\x1b[33m";
    case Tone::bad: return "\x1b[31m";
    case Tone::faint: return "\x1b[2m";
  }
  return "";
}

}  // namespace

std::string Style::paint(std::string_view text, Tone tone) const {
  if (!coloured_ || tone == Tone::plain || text.empty()) return std::string(text);
  return std::string(code_of(tone)).append(text).append("\x1b[0m");
}

bool wants_colour(bool is_terminal, const char* no_color, const char* term) {
  if (no_color != nullptr && *no_color != '\0') return false;
  return is_terminal && term != nullptr && std::string_view(term) != "dumb";
}

Tone tone_of_state(std::string_view state) {
  if (state == "running" || state == "active" || state == "up") return Tone::good;
  if (state == "failed" || state == "refused" || state == "down") return Tone::bad;
  if (state == "stopped" || state == "finished" || state == "disabled" || state == "closed" ||
      state == "home" || state == "ready")
    return Tone::faint;
  return Tone::careful;
}

Tone tone_of_level(std::string_view level) {
  if (level == "warning") return Tone::careful;
  for (const std::string_view bad : {"error", "critical", "alert", "emergency"})
    if (level == bad) return Tone::bad;
  if (level == "debug") return Tone::faint;
  return Tone::plain;
}

}  // namespace dkvm::ctl
