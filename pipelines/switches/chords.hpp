#pragma once

#include "pipelines/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dkvm::detail {

// Finds chords among the strokes of all keyboards of a switch: the keys that are
// down are one set, whoever has them down, and a chord is exactly that set. The
// last key of a chord that was found is withheld until it is lifted; so are, from
// withhold() on, the keys that were held for it.
class Chords {
 public:
  explicit Chords(std::vector<std::vector<std::uint16_t>> chords);

  // Other chords from now on; keys that are down complete none of them.
  void replace(std::vector<std::vector<std::uint16_t>> chords);

  struct Stroke {
    bool pass = true;                    // false: it goes nowhere
    std::optional<std::size_t> chord{};  // which it completed
  };

  // A key of one keyboard (`place`, numbered from 0) went down or up.
  Stroke key(std::size_t place, std::uint16_t code, bool down);
  // This is all that is down there.
  void only(std::size_t place, const CodeBits& pressed);
  // The keyboard is gone, and what it had down with it.
  void lost(std::size_t place) { only(place, {}); }

  // Whoever gets the input now never sees these keys, until they are pressed anew.
  void withhold(std::size_t chord);
  const CodeBits& withheld() const { return withheld_; }

 private:
  CodeBits held() const;
  std::optional<std::size_t> completed(std::uint16_t code) const;

  std::vector<std::vector<std::uint16_t>> chords_;
  std::vector<CodeBits> sets_;  // of the chords
  CodeBits last_;               // codes that end one
  std::vector<CodeBits> down_;  // by place
  CodeBits withheld_;
};

}  // namespace dkvm::detail
