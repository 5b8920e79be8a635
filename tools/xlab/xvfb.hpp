#pragma once

#include <dkvm/result.hpp>

#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

// How an X server without a screen is started; the process is its owner's affair.
namespace dkvm::xlab {

inline constexpr const char* kXvfb = "/usr/bin/Xvfb";

// Its command line. It writes its display's number to this descriptor.
// Shape: screen is WIDTHxHEIGHTxDEPTH; display is `:5`, or empty for a number that is free
inline std::vector<std::string> xvfb_command(int number_fd, const std::string& screen,
                                             const std::string& display = "") {
  std::vector<std::string> words = {kXvfb};
  if (!display.empty()) words.push_back(display);
  for (const auto& word : {std::string("-displayfd"), std::to_string(number_fd),
                           std::string("-screen"), std::string("0"), screen,
                           std::string("-nolisten"), std::string("tcp"), std::string("-noreset")})
    words.push_back(word);
  return words;
}

// `:5`, of the other end of that descriptor, once the server takes connections: the number
// comes in pieces, with a newline at its end. readable() waits for one piece.
// Errors: those of readable(), Errc::timeout when it says no or the server has ended.
inline Result<std::string> read_display(int number, const std::function<Result<bool>()>& readable) {
  std::string text = ":";
  for (char byte = 0;;) {
    DKVM_TRY(const bool there, readable());
    if (!there || ::read(number, &byte, 1) != 1)
      return fail(Errc::timeout, std::string(kXvfb).append(" did not start"));
    if (byte == '\n') return text;
    text += byte;
  }
}

}  // namespace dkvm::xlab
