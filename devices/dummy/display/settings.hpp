#pragma once

#include "devices/dummy/display/painter.hpp"
#include "devices/media/codecs.hpp"

#include <dkvm/config.hpp>
#include <dkvm/device.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace dkvm::dummy {

// What a dummy display source is told.
struct DisplaySettings {
  static void declare(Device& device);
  // Errors: Errc::invalid.
  static Result<DisplaySettings> read(const ConfigReader& config);

  // Opens the file; settles size and rate where they are as it says.
  // Errors: those of the file; Errc::invalid for a picture too small for the pattern.
  Result<> settle();

  std::size_t picture_bytes() const {
    return std::size_t{width} * height * bytes_per_pixel(fourcc);
  }
  // Who draws on a canvas of that size and format. Once, after settle().
  std::unique_ptr<Painter> make_painter(media::Canvas& canvas);

  std::string picture;  // pattern, random or file
  std::string file;
  bool loop = true;
  std::uint32_t width = 0;  // 0: the file's own
  std::uint32_t height = 0;
  std::uint32_t fourcc = kXR24;
  double fps = 60;             // 0: as fast as they are taken
  bool fps_of_file = false;    // where it says one
  std::uint64_t pictures = 0;  // 0: for ever
  std::uint32_t seed = 1;
  double partial = 0;  // share of the pictures that are sent partially
  bool waits = false;  // for a slot, when there is none
  unsigned slots = 3;
  std::string report;
  std::unique_ptr<media::PictureReader> reader;  // of the file, after settle()
};

}  // namespace dkvm::dummy
