#pragma once

#include "devices/media/canvas.hpp"

#include <dkvm/result.hpp>

#include <cstdint>
#include <optional>

namespace dkvm::dummy {

// Draws the pictures of a dummy display one after the other on a canvas.
// Life: the canvas outlives the painter
class Painter {
 public:
  virtual ~Painter() = default;

  // Draws a picture over the one before; returns the area that is new, all of it
  // unless `partial` (for those who choose what changes). nullopt: there is no
  // further picture.
  // Shape: numbers count from 1, each is drawn once
  virtual Result<std::optional<Rect>> draw(std::uint64_t number, bool partial) = 0;

  // Called for an area that is about to be sent: what was drawn since the last
  // time, or all.
  virtual void sign(const Rect& /*area*/, std::uint64_t /*number*/, std::uint64_t /*capture_ns*/) {}
};

}  // namespace dkvm::dummy
