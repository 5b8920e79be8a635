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

// Players that are not told go by the height.
void set_colours(AVCodecContext& context) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(context.pix_fmt);
  if ((format->flags & AV_PIX_FMT_FLAG_RGB) != 0 || format->nb_components < 3) return;
  const bool jpeg = context.codec_id == AV_CODEC_ID_MJPEG;
  const bool hd = context.height >= kHdLines && !jpeg;
  context.colorspace = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  context.color_primaries = hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  context.color_trc = hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  context.color_range = jpeg ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

}  // namespace

Result<const AVCodec*> find_encoder(AVCodecID id, const std::string& path) {
  if (const AVCodec* codec = avcodec_find_encoder(id)) return codec;
  return fail(Errc::unsupported, "'" + path + "' cannot be written: no encoder for " +
                                     avcodec_get_name(id) +
                                     " is installed, expected another ending");
}

Result<AvCodecContext> open_encoder(const EncoderWish& wish, const std::string& path) {
  DKVM_TRY(const AVCodec* codec, find_encoder(wish.codec, path));
  AvCodecContext context(avcodec_alloc_context3(codec));
  if (!context) return no_memory("writing", path);
  context->width = wish.width;
  context->height = wish.height;
  context->pix_fmt = format_for(*codec, wish);
  context->time_base = av_inv_q(wish.rate);
  context->framerate = wish.rate;
  if (wish.global_header) context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  set_quality(*context);
  set_colours(*context);
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return av_failed(code, std::string("starting the encoder ") + codec->name + " for", path);
  return context;
}

}  // namespace dkvm::media
