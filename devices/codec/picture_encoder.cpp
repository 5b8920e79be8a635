#include "devices/codec/picture_encoder.hpp"

#include "devices/codec/av_codec.hpp"

#include <algorithm>
#include <climits>
#include <cmath>
#include <span>
#include <utility>

namespace dkvm::codec {
namespace {

// What keeps an encoder from keeping pictures back.
struct Option {
  const char* name;
  const char* value;
};
// Of x264 and x265. Sliced threads share a picture; those on pictures keep some back.
constexpr Option kX26xOptions[] = {
    {"preset", "ultrafast"}, {"tune", "zerolatency"}, {"forced-idr", "1"}, {"crf", "23"}};
// Of all others, where they have it.
constexpr Option kOtherOptions[] = {{"deadline", "realtime"},
                                    {"lag-in-frames", "0"},
                                    {"usage", "realtime"},
                                    {"cpu-used", "8"},
                                    {"row-mt", "1"}};
constexpr int kEndless = 1 << 30;  // x264's word for it

bool is_x26x(const std::string& encoder) { return encoder == "libx264" || encoder == "libx265"; }

bool takes_planes(const AVCodec& codec) {
  for (const AVPixelFormat* format = codec.pix_fmts; format != nullptr && *format >= 0; ++format)
    if (*format == AV_PIX_FMT_YUV420P || *format == AV_PIX_FMT_YUVJ420P) return true;
  return false;
}

AVPixelFormat format_for(const AVCodec& codec) {
  for (const AVPixelFormat* format = codec.pix_fmts; format != nullptr && *format >= 0; ++format)
    if (*format == AV_PIX_FMT_YUV420P) return *format;
  // Older names of the same planes; what opens the encoder says whether it takes them.
  const bool jpeg = codec.pix_fmts != nullptr && *codec.pix_fmts == AV_PIX_FMT_YUVJ420P;
  return jpeg ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
}

void set_shape(AVCodecContext& context, const PictureCodec& codec) {
  context.time_base = {1, static_cast<int>(std::lround(codec.fps))};
  context.framerate = av_inv_q(context.time_base);
  context.max_b_frames = 0;
  context.flags |= AV_CODEC_FLAG_LOW_DELAY;
  context.thread_count = codec.threads;
  context.thread_type = FF_THREAD_SLICE;  // threads on frames keep frames back
  context.colorspace = AVCOL_SPC_SMPTE170M;
  context.color_primaries = AVCOL_PRI_BT709;
  context.color_trc = AVCOL_TRC_IEC61966_2_1;
  context.color_range = AVCOL_RANGE_MPEG;
  context.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;  // MJPEG of limited range
  context.gop_size = codec.keyframe_interval != 0 ? static_cast<int>(codec.keyframe_interval)
                     : is_x26x(codec.encoder)     ? kEndless
                                                  : 600;
}

}  // namespace

Result<const AVCodec*> find_picture_encoder(const std::string& name) {
  return find_encoder(name, AVMEDIA_TYPE_VIDEO, takes_planes);
}

Result<PictureEncoder> PictureEncoder::open(const PictureCodec& codec, std::uint32_t width,
                                            std::uint32_t height, const PictureRate& rate) {
  DKVM_TRY(const AVCodec* found, find_picture_encoder(codec.encoder));
  const std::string doing =
      "starting the encoder for " + std::to_string(width) + "x" + std::to_string(height);
  PictureEncoder encoder;
  encoder.context_.reset(avcodec_alloc_context3(found));
  encoder.packet_.reset(av_packet_alloc());
  if (!encoder.context_ || !encoder.packet_) return media::no_memory(doing, codec.encoder);
  AVCodecContext& context = *encoder.context_;
  context.width = static_cast<int>(width + width % 2);
  context.height = static_cast<int>(height + height % 2);
  context.pix_fmt = format_for(*found);
  set_shape(context, codec);
  encoder.encoder_ = codec.encoder;
  encoder.codec_name_ = avcodec_get_name(found->id);
  encoder.changes_rate_ = codec.encoder == "libx264";
  encoder.fps_max_ = codec.fps;
  encoder.rate_ = rate;
  encoder.apply_rate();
  CodecOptions options;
  const bool x26x = is_x26x(codec.encoder);
  for (const Option& option : x26x ? std::span<const Option>(kX26xOptions) : kOtherOptions)
    if (x26x || media::has_option(context, option.name)) options.set(option.name, option.value);
  options.set_all(codec.options);
  DKVM_CHECK(options.open(context, *found, doing));
  return encoder;
}

// Where quality rules, the rate is what a picture may take at most, and each picture
// may take its whole share: the buffer of the rate's model is one picture long. The
// encoder believes that pictures come at fps_max_, so fewer may have more each.
void PictureEncoder::apply_rate() {
  AVCodecContext& context = *context_;
  const double fewer = fps_max_ / rate_.fps;
  const auto per_second = static_cast<std::int64_t>(static_cast<double>(rate_.bits_per_s) * fewer);
  const auto per_picture = std::min<std::uint64_t>(rate_.picture_bits(), INT_MAX);
  context.rc_max_rate = per_second;
  context.rc_buffer_size = static_cast<int>(per_picture);
  if (is_x26x(encoder_)) return;
  // Others keep to a rate on average, and need some room for that.
  constexpr std::uint64_t kRoomPictures = 4;
  context.bit_rate = per_second;
  context.rc_buffer_size =
      static_cast<int>(std::min<std::uint64_t>(rate_.picture_bits() * kRoomPictures, INT_MAX));
}

void PictureEncoder::set_rate(const PictureRate& rate) {
  rate_ = rate;
  apply_rate();
}

Result<PictureEncoder::Packet> PictureEncoder::encode(I420& picture, bool keyframe) {
  AVFrame& frame = picture.frame();
  frame.format = context_->pix_fmt;
  frame.pts = next_++;
  frame.pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  if (const int code = avcodec_send_frame(context_.get(), &frame); code < 0)
    return fail(Errc::internal,
                media::av_failed(code, "encoding with", encoder_).value().message());
  av_packet_unref(packet_.get());
  const int code = avcodec_receive_packet(context_.get(), packet_.get());
  if (code == AVERROR(EAGAIN))
    return fail(Errc::unsupported, "the encoder '" + encoder_ +
                                       "' keeps pictures back, expected options without a delay");
  if (code < 0)
    return fail(Errc::internal,
                media::av_failed(code, "encoding with", encoder_).value().message());
  const auto* bytes = reinterpret_cast<const std::byte*>(packet_->data);
  return Packet{{bytes, static_cast<std::size_t>(packet_->size)},
                (packet_->flags & AV_PKT_FLAG_KEY) != 0};
}

Bytes PictureEncoder::extradata() const {
  return {reinterpret_cast<const std::byte*>(context_->extradata),
          static_cast<std::size_t>(context_->extradata_size)};
}

}  // namespace dkvm::codec
