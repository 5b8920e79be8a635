#pragma once

#include <string>
#include <string_view>

namespace dkvm::ctl {

enum class Tone { plain, title, good, careful, bad, faint };

// Tones as colours, or as nothing.
class Style {
 public:
  explicit Style(bool coloured) : coloured_(coloured) {}

  std::string paint(std::string_view text, Tone tone) const;

 private:
  bool coloured_;
};

// Colour goes to terminals that know it, unless NO_COLOR says otherwise.
// no_color, term: the environment variables, null when they are not set.
bool wants_colour(bool is_terminal, const char* no_color, const char* term);

// How a state of a device, an edge or a link looks.
Tone tone_of_state(std::string_view state);

// How a log record of this level looks.
Tone tone_of_level(std::string_view level);

}  // namespace dkvm::ctl
