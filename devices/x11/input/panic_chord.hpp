#pragma once

#include <dkvm/codes.hpp>
#include <dkvm/config.hpp>
#include <dkvm/limits.hpp>
#include <dkvm/result.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::x11 {

// Both Ctrl, both Shift and Esc.
inline const std::vector<std::uint16_t> kPanicDefault = {29, 97, 42, 54, 1};

// The keys that give the input back, by names or numbers; in `panic` of the
// configuration.
// Errors: Errc::invalid with the key that is none, and for more than kCodesPerChordMax.
inline Result<std::vector<std::uint16_t>> panic_chord(const ConfigReader& config) {
  std::vector<std::uint16_t> codes;
  for (const std::string& word : config.list("panic")) {
    auto code = code_from_name(word);
    if (!code) {
      std::uint16_t number = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
      if (error == std::errc{} && end == word.data() + word.size() && number < kInputCodesMax)
        code = number;
    }
    if (!code)
      return fail(Errc::invalid, "config key 'panic': '" + word +
                                     "' is no key, expected names such as KEY_ESC or evdev codes");
    codes.push_back(*code);
  }
  if (codes.size() > kCodesPerChordMax)
    return fail(Errc::invalid, "config key 'panic' has " + std::to_string(codes.size()) +
                                   " keys, expected at most " + std::to_string(kCodesPerChordMax));
  return codes.empty() ? kPanicDefault : codes;
}

}  // namespace dkvm::x11
