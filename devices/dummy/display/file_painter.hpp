#pragma once

#include "devices/dummy/display/painter.hpp"
#include "devices/media/codecs.hpp"

#include <cstdint>
#include <memory>

namespace dkvm::dummy {

// Shows the pictures of a file, once or over and over. What is new in a picture
// is what differs from the one before.
class FilePainter final : public Painter {
 public:
  // Shape: the canvas has the size and format of the reader's pictures
  FilePainter(media::Canvas& canvas, std::unique_ptr<media::PictureReader> reader, bool loop)
      : canvas_(canvas), reader_(std::move(reader)), loop_(loop) {}

  Result<std::optional<Rect>> draw(std::uint64_t number, bool partial) override;

 private:
  Rect difference() const;

  media::Canvas& canvas_;
  std::unique_ptr<media::PictureReader> reader_;
  bool loop_;
  media::Canvas next_;
};

}  // namespace dkvm::dummy
