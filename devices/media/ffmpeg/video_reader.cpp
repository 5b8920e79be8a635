#include "devices/media/ffmpeg/decoder.hpp"
#include "devices/media/ffmpeg/files.hpp"
#include "devices/media/ffmpeg/scaler.hpp"

#include <utility>

namespace dkvm::media {
namespace {

class VideoReader final : public PictureReader {
 public:
  VideoReader(std::string path, Decoder decoder, AvFrame converted)
      : path_(std::move(path)), decoder_(std::move(decoder)), converted_(std::move(converted)) {}

  std::uint32_t width() const override { return static_cast<std::uint32_t>(converted_->width); }
  std::uint32_t height() const override { return static_cast<std::uint32_t>(converted_->height); }
  double rate() const override {
    const AVRational rate = decoder_.frame_rate();
    return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
  }

  Result<bool> next(Canvas& into) override {
    DKVM_TRY(const AVFrame* frame, decoder_.next());
    if (frame == nullptr) return false;
    DKVM_CHECK(scaler_.scale(*frame, *converted_));
    copy_picture(*converted_, into);
    return true;
  }

  // Opened anew: not every format can be searched.
  Result<> rewind() override {
    DKVM_TRY(decoder_, Decoder::open(path_, AVMEDIA_TYPE_VIDEO));
    return {};
  }

 private:
  std::string path_;
  Decoder decoder_;
  Scaler scaler_;
  AvFrame converted_;
};

}  // namespace

Result<std::unique_ptr<PictureReader>> read_video(const std::string& path,
                                                  const PictureWish& wish) {
  DKVM_TRY(Decoder decoder, Decoder::open(path, AVMEDIA_TYPE_VIDEO));
  const auto own_width = static_cast<std::uint32_t>(decoder.codec().width);
  const auto own_height = static_cast<std::uint32_t>(decoder.codec().height);
  const std::uint32_t width = wish.width != 0 ? wish.width : own_width;
  const std::uint32_t height = wish.height != 0 ? wish.height : own_height;
  if (width == 0 || height == 0 || width > kPictureSideMax || height > kPictureSideMax)
    return fail(Errc::invalid, "'" + path + "' has pictures of " + std::to_string(width) + "x" +
                                   std::to_string(height) + " pixels, expected sides from 1 to " +
                                   std::to_string(kPictureSideMax));
  DKVM_TRY(AvFrame converted, make_frame(width, height, av_format_of(wish.fourcc)));
  return std::make_unique<VideoReader>(path, std::move(decoder), std::move(converted));
}

}  // namespace dkvm::media
