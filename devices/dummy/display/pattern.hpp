#pragma once

#include "devices/dummy/display/digest.hpp"
#include "devices/dummy/display/painter.hpp"
#include "devices/dummy/display/stamp.hpp"

#include <cstdint>

namespace dkvm::dummy {

// Moving tiles with a stamp at the top left of every area that is sent: whoever
// has composed the areas so far can tell each picture's number, its time, and
// whether all of its pixels belong to it (PatternCheck).
class PatternPainter final : public Painter {
 public:
  // Shape: the canvas is at least a stamp wide and high
  PatternPainter(media::Canvas& canvas, std::uint32_t seed) : canvas_(canvas), seed_(seed) {}

  Result<std::optional<Rect>> draw(std::uint64_t number, bool partial) override;
  void sign(const Rect& area, std::uint64_t number, std::uint64_t capture_ns) override;

 private:
  void draw_tiles(const Rect& area, std::uint64_t number);

  media::Canvas& canvas_;
  std::uint32_t seed_;
  PictureDigest digest_;
};

// Reads test pictures back.
class PatternCheck {
 public:
  // The stamp of the picture whose `area` was just applied to the canvas;
  // nullopt when the pixels are not those of one picture: it is torn, or no test
  // picture.
  std::optional<Stamp> check(const media::Canvas& canvas, const Rect& area);

 private:
  PictureDigest digest_;
};

}  // namespace dkvm::dummy
