#include "devices/media/ffmpeg/av.hpp"
#include "devices/media/ffmpeg/files.hpp"

namespace dkvm::media {
namespace {

class FfmpegCodecs final : public Codecs {
 public:
  FfmpegCodecs() { log_as_device(); }

  Result<std::unique_ptr<PictureReader>> read_pictures(const std::string& path,
                                                       const PictureWish& wish) const override {
    return read_video(path, wish);
  }
  Result<std::unique_ptr<PictureWriter>> write_pictures(const std::string& path, double rate,
                                                        Begin begin) const override {
    return write_video(path, rate, begin);
  }
  Result<> check_writable(const std::string& path) const override { return check_video(path); }
  Result<std::unique_ptr<SoundReader>> read_sound(const std::string& path,
                                                  const SoundWish& wish) const override {
    return read_audio(path, wish);
  }
};

}  // namespace
}  // namespace dkvm::media

const dkvm::media::Codecs* dkvm_media_codecs() {
  static const dkvm::media::FfmpegCodecs codecs;  // without state
  return &codecs;
}
