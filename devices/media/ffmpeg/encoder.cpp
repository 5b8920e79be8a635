#include "devices/media/ffmpeg/encoder.hpp"

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>

namespace dkvm::media {
namespace {

// 4:2:0 where it can be, because every player shows it; else what loses least.
AVPixelFormat format_for(const AVCodec& codec, const EncoderWish& wish) {
  if (codec.pix_fmts == nullptr) return AV_PIX_FMT_YUV444P;  // takes all: Y4M
  const bool even = wish.width % 2 == 0 && wish.height % 2 == 0;
  for (const AVPixelFormat* format = codec.pix_fmts; *format != AV_PIX_FMT_NONE; ++format)
    if (*format == AV_PIX_FMT_YUV420P && even) return *format;
  const AVPixFmtDescriptor* from = av_pix_fmt_desc_get(wish.from);
  const int has_alpha = (from->flags & AV_PIX_FMT_FLAG_ALPHA) != 0 ? 1 : 0;
  return avcodec_find_best_pix_fmt_of_list(codec.pix_fmts, wish.from, has_alpha, nullptr);
}

bool has_option(AVCodecContext& context, const char* name) {
  return context.priv_data != nullptr && av_opt_find(context.priv_data, name, nullptr, 0, 0);
}

void set_quality(AVCodecContext& context) {
  if (!has_option(context, "crf")) {
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = 3 * FF_QP2LAMBDA;
    return;
  }
  context.bit_rate = 0;
  context.thread_count = 0;  // as many as there are processors
  av_opt_set(context.priv_data, "crf", "18", 0);
  if (has_option(context, "preset")) av_opt_set(context.priv_data, "preset", "veryfast", 0);
  if (has_option(context, "deadline")) av_opt_set(context.priv_data, "deadline", "realtime", 0);
  if (has_option(context, "cpu-used")) av_opt_set(context.priv_data, "cpu-used", "8", 0);
}

}  // namespace

Result<AvCodecContext> open_encoder(const EncoderWish& wish, const std::string& path) {
  const AVCodec* codec = avcodec_find_encoder(wish.codec);
  if (codec == nullptr)
    return fail(Errc::unsupported, "writing '" + path + "': no encoder for " +
                                       avcodec_get_name(wish.codec) + " is installed");
  AvCodecContext context(avcodec_alloc_context3(codec));
  context->width = wish.width;
  context->height = wish.height;
  context->pix_fmt = format_for(*codec, wish);
  context->time_base = av_inv_q(wish.rate);
  context->framerate = wish.rate;
  if (wish.global_header) context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  set_quality(*context);
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return av_failed(code, std::string("starting the encoder ") + codec->name + " for", path);
  return context;
}

}  // namespace dkvm::media
