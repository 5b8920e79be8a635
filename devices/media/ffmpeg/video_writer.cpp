#include "devices/media/ffmpeg/encoder.hpp"
#include "devices/media/ffmpeg/files.hpp"
#include "devices/media/ffmpeg/scaler.hpp"
#include "devices/media/numbered_name.hpp"

#include <dkvm/log.hpp>

extern "C" {
#include <libavutil/dict.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace dkvm::media {
namespace {

bool is_images(const AVOutputFormat& format) { return std::strcmp(format.name, "image2") == 0; }

AVCodecID codec_for(const AVOutputFormat& format, const std::string& path) {
  return av_guess_codec(const_cast<AVOutputFormat*>(&format), nullptr, path.c_str(), nullptr,
                        AVMEDIA_TYPE_VIDEO);
}

// The kind of file that a name's ending says.
Result<const AVOutputFormat*> format_for(const std::string& path) {
  const AVOutputFormat* format = av_guess_format(nullptr, path.c_str(), nullptr);
  // Sound files keep a cover at most.
  const bool cover =
      format != nullptr && !is_images(*format) && format->audio_codec != AV_CODEC_ID_NONE &&
      (format->video_codec == AV_CODEC_ID_PNG || format->video_codec == AV_CODEC_ID_MJPEG);
  if (format == nullptr || cover || codec_for(*format, path) == AV_CODEC_ID_NONE)
    return fail(Errc::invalid, "'" + path +
                                   "' has no ending of a file of pictures, expected one such as "
                                   ".mp4, .mkv, .y4m, .raw, or -%06d.png");
  return format;
}

// A video, or images numbered by the name. The encoder is made at the first
// picture: only then is the size known.
class VideoWriter final : public PictureWriter {
 public:
  // first: number of the first image; 0: the name has no place for one
  VideoWriter(AvOutput output, std::string path, AVRational rate, std::uint64_t first)
      : output_(std::move(output)),
        path_(std::move(path)),
        rate_(rate),
        images_(is_images(*output_->oformat)),
        first_(first) {}
  ~VideoWriter() override = default;

  Result<> write(const Canvas& picture, std::uint64_t time_ns) override {
    DKVM_CHECK(prepare(picture));
    copy_picture(picture, *given_);
    // The encoder may still read the one before.
    if (!packet_ || av_frame_make_writable(converted_.get()) < 0)
      return no_memory("writing", path_);
    DKVM_CHECK(scaler_.scale(*given_, *converted_));
    const double index = std::round(static_cast<double>(time_ns) * av_q2d(rate_) / 1e9);
    last_pts_ = std::max(last_pts_ + 1, static_cast<std::int64_t>(index));
    converted_->pts = last_pts_;
    return encode(converted_.get());
  }

  Result<> finish() override {
    if (!encoder_ || std::exchange(finished_, true)) return {};
    DKVM_CHECK(encode(nullptr));
    if (const int code = av_write_trailer(output_.get()); code < 0)
      return av_failed(code, "finishing", path_);
    return {};
  }

 private:
  // Makes encoder and memory for pictures like this one. A video keeps the size
  // that it began with, images have each their own.
  Result<> prepare(const Canvas& picture) {
    const AVPixelFormat format = av_format_of(picture.fourcc());
    const int width = static_cast<int>(picture.width());
    const int height = static_cast<int>(picture.height());
    if (given_ && given_->width == width && given_->height == height && given_->format == format)
      return {};
    DKVM_TRY(given_, make_frame(picture.width(), picture.height(), format));
    if (encoder_ && !images_) return {};
    const bool first = encoder_ == nullptr;
    DKVM_TRY(encoder_, open_encoder({.codec = codec(),
                                     .from = format,
                                     .width = width,
                                     .height = height,
                                     .rate = rate_,
                                     .global_header = !images_ && (output_->oformat->flags &
                                                                   AVFMT_GLOBALHEADER) != 0},
                                    path_));
    DKVM_TRY(converted_, make_frame(picture.width(), picture.height(), encoder_->pix_fmt));
    converted_->colorspace = encoder_->colorspace;
    converted_->color_range = encoder_->color_range;
    converted_->color_primaries = encoder_->color_primaries;
    converted_->color_trc = encoder_->color_trc;
    return first ? begin() : Result<>{};
  }

  AVCodecID codec() const { return codec_for(*output_->oformat, path_); }

  Result<> begin() {
    stream_ = avformat_new_stream(output_.get(), nullptr);
    if (stream_ == nullptr) return no_memory("writing", path_);
    stream_->time_base = encoder_->time_base;
    stream_->avg_frame_rate = rate_;
    AVDictionary* options = nullptr;
    if (images_) {  // whoever looks meanwhile sees whole images only
      av_dict_set(&options, "atomic_writing", "1", 0);
      if (first_ == 0) {
        av_dict_set(&options, "update", "1", 0);
      } else {
        av_dict_set_int(&options, "start_number", static_cast<std::int64_t>(first_), 0);
      }
    }
    // What a killed recorder leaves: MKV can be played to the last second.
    output_->flush_packets = 1;
    if (!images_) av_dict_set(&options, "cluster_time_limit", "1000", 0);
    int code = avcodec_parameters_from_context(stream_->codecpar, encoder_.get());
    if (code >= 0) code = avformat_write_header(output_.get(), &options);
    av_dict_free(&options);
    if (code < 0) return av_failed(code, "writing", path_);
    return {};
  }

  // nullptr: gives out what the encoder still holds.
  Result<> encode(const AVFrame* frame) {
    int code = avcodec_send_frame(encoder_.get(), frame);
    while (code >= 0) {
      code = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
      if (code < 0) break;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      code = av_interleaved_write_frame(output_.get(), packet_.get());
    }
    return av_failed(code, "writing", path_);
  }

  AvOutput output_;
  std::string path_;
  AVRational rate_;
  bool images_;
  std::uint64_t first_;
  bool finished_ = false;
  AVStream* stream_ = nullptr;  // the output's
  AvCodecContext encoder_;
  AvFrame given_;
  AvFrame converted_;
  Scaler scaler_;
  AvPacket packet_{av_packet_alloc()};
  std::int64_t last_pts_ = -1;
};

}  // namespace

Result<> check_video(const std::string& path) {
  DKVM_TRY(const AVOutputFormat* format, format_for(path));
  if (is_images(*format)) DKVM_CHECK(NumberedName::parse(path));
  DKVM_CHECK(find_encoder(codec_for(*format, path), path));
  return {};
}

Result<std::unique_ptr<PictureWriter>> write_video(const std::string& wished, double rate,
                                                   Begin begin) {
  DKVM_TRY(const AVOutputFormat* format, format_for(wished));
  const bool go_on = begin == Begin::go_on;
  const std::string path = go_on && !is_images(*format) ? free_name(wished) : wished;
  if (path != wished) log_info("writing '" + path + "': '" + wished + "' is from before");
  std::uint64_t first = 0;
  if (is_images(*format)) {
    DKVM_TRY(const auto numbered, NumberedName::parse(path));
    if (numbered) first = go_on ? numbered->next() : 1;
  }
  AVFormatContext* context = nullptr;
  const std::string address = av_address(path);
  int code = avformat_alloc_output_context2(&context, format, nullptr, address.c_str());
  if (code < 0) return av_failed(code, "writing", path);
  AvOutput output(context);
  if ((format->flags & AVFMT_NOFILE) == 0)
    if (code = avio_open(&context->pb, address.c_str(), AVIO_FLAG_WRITE); code < 0)
      return av_failed(code, "opening", path);
  constexpr int kDenominatorMax = 60'000;  // what MPEG-4's headers hold
  return std::make_unique<VideoWriter>(std::move(output), path, av_d2q(rate, kDenominatorMax),
                                       first);
}

}  // namespace dkvm::media
