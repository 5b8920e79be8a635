#pragma once

#include "devices/dummy/display/painter.hpp"

#include <cstdint>

namespace dkvm::dummy {

// Pictures by chance, the same for the same seed and number.
class NoisePainter final : public Painter {
 public:
  NoisePainter(media::Canvas& canvas, std::uint32_t seed) : canvas_(canvas), seed_(seed) {}

  Result<std::optional<Rect>> draw(std::uint64_t number, bool partial) override;

 private:
  media::Canvas& canvas_;
  std::uint32_t seed_;
};

}  // namespace dkvm::dummy
