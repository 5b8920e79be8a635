#pragma once

#include "devices/media/canvas.hpp"
#include "devices/media/new_file.hpp"

#include <dkvm/result.hpp>
#include <dkvm/sound.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

// Files of pictures and sound, whatever is inside. A file that is not there is
// Errc::not_found, one that is no such file Errc::invalid or Errc::unsupported,
// a full disk Errc::exhausted; messages name the file.
namespace dkvm::media {

// What a reader makes of a file's pictures; 0: as they are in the file.
struct PictureWish {
  std::uint32_t fourcc = kXR24;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

class PictureReader {
 public:
  virtual ~PictureReader() = default;

  // Of every picture that next() gives.
  virtual std::uint32_t width() const = 0;
  virtual std::uint32_t height() const = 0;
  // Pictures/s as the file says; 0 when it does not say.
  virtual double rate() const = 0;

  // Reads the next picture; false at the end.
  // Shape: the canvas has this size and the wish's format
  virtual Result<bool> next(Canvas& into) = 0;
  // The first picture is next again.
  virtual Result<> rewind() = 0;
};

class PictureWriter {
 public:
  virtual ~PictureWriter() = default;

  // Appends a picture.
  // Units: time_ns counts from the first picture; only files with times of their
  //        own (videos) make use of it
  virtual Result<> write(const Canvas& picture, std::uint64_t time_ns) = 0;
  // Nothing more will be written; without this the end of a video is missing.
  virtual Result<> finish() = 0;
};

// What a reader makes of a file's sound; 0: as it is in the file.
struct SoundWish {
  std::uint32_t rate = 0;
  std::uint8_t channels = 0;
  SampleFormat format = SampleFormat::s16;
};

class SoundReader {
 public:
  virtual ~SoundReader() = default;

  virtual std::uint32_t rate() const = 0;
  virtual std::uint8_t channels() const = 0;

  // Reads interleaved samples; fewer bytes than `out` holds only at the end.
  // Shape: out holds whole samples of all channels
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  virtual Result<> rewind() = 0;
};

class SoundWriter {
 public:
  virtual ~SoundWriter() = default;

  // Appends interleaved samples.
  virtual Result<> write(Bytes samples) = 0;
  // Nothing more will be written; without this the header says too little.
  virtual Result<> finish() = 0;
};

// The codecs, loaded when they are first needed: with all that they link they
// take a device some 30 ms and 20 MB to start (seen on Debian 12).
class Codecs {
 public:
  virtual ~Codecs() = default;

  // A video, an image, or a numbered row of images (`frame-%06d.png`).
  virtual Result<std::unique_ptr<PictureReader>> read_pictures(const std::string& path,
                                                               const PictureWish& wish) const = 0;
  // What is written depends on the name's ending; a `%06d` in it numbers images
  // from 1, or with Begin::go_on from behind the last one that is there. A video
  // cannot go on: it becomes a file beside, of free_name().
  // Units: rate = pictures/s of a video
  virtual Result<std::unique_ptr<PictureWriter>> write_pictures(const std::string& path,
                                                                double rate, Begin begin) const = 0;
  // Looks whether write_pictures() would make something of a name's ending.
  // Errors: Errc::invalid, Errc::unsupported without an encoder.
  virtual Result<> check_writable(const std::string& path) const = 0;
  virtual Result<std::unique_ptr<SoundReader>> read_sound(const std::string& path,
                                                          const SoundWish& wish) const = 0;
};

// Errors: Errc::unsupported when the module is not where it was installed:
//         dkvm-media.so beside the program.
// Life:   for ever
Result<const Codecs*> load_codecs();
Result<const Codecs*> load_codecs(const std::string& directory);

// Looks whether pictures can be written there, and loads what that needs, at a
// time when nobody waits for it.
// Errors: those of load_codecs(), check_can_be_made() and Codecs::check_writable().
Result<> check_pictures(const std::string& path);

// The same as the codecs' own, and `.raw` files without them: pictures one behind
// the other without anything between. The wish says their size then.
Result<std::unique_ptr<PictureReader>> read_pictures(const std::string& path,
                                                     const PictureWish& wish);
Result<std::unique_ptr<PictureWriter>> write_pictures(const std::string& path, double rate,
                                                      Begin begin = Begin::anew);

}  // namespace dkvm::media

// What the module exports.
extern "C" __attribute__((visibility("default"))) const dkvm::media::Codecs* dkvm_media_codecs();
