#pragma once

#include "tests/e2e/net/two_desks.hpp"

#include <cstddef>
#include <string>

namespace dkvm::test {

// Taps the letters A to Z, over and over, so that what comes says what is missing.
class Typist {
 public:
  explicit Typist(const Source& keyboard) : keyboard_(keyboard) {}

  void tap(std::size_t taps);
  std::size_t taps() const { return taps_; }

 private:
  const Source& keyboard_;
  std::size_t taps_ = 0;
};

// What came of the letters, read from a sink's changes since its mark.
struct Text {
  std::size_t came = 0;  // taps
  bool orderly = true;   // a part of what was typed, in its order, nothing twice
  bool all_up = true;    // every down has its up behind it
};
Text read(SinkFile& sink, std::size_t taps);

}  // namespace dkvm::test
