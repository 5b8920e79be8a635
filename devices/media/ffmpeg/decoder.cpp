#include "devices/media/ffmpeg/decoder.hpp"

extern "C" {
#include <libavutil/dict.h>
}

namespace dkvm::media {

Result<Decoder> Decoder::open(const std::string& path, AVMediaType kind) {
  Decoder decoder(path);
  if (!decoder.packet_ || !decoder.frame_) return no_memory("reading", path);
  AVDictionary* options = nullptr;  // a playlist must not lead to a network
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  AVFormatContext* input = nullptr;
  int code = avformat_open_input(&input, av_address(path).c_str(), nullptr, &options);
  av_dict_free(&options);
  if (code < 0) return av_failed(code, "opening", path);
  decoder.input_.reset(input);
  if (code = avformat_find_stream_info(input, nullptr); code < 0)
    return av_failed(code, "reading", path);
  const AVCodec* codec = nullptr;
  decoder.stream_ = av_find_best_stream(input, kind, -1, -1, &codec, 0);
  if (decoder.stream_ < 0)
    return fail(Errc::invalid, "'" + path + "' holds nothing that can be decoded, expected " +
                                   (kind == AVMEDIA_TYPE_VIDEO ? "pictures" : "sound"));
  decoder.codec_.reset(avcodec_alloc_context3(codec));
  if (!decoder.codec_) return no_memory("decoding", path);
  code = avcodec_parameters_to_context(decoder.codec_.get(), decoder.stream().codecpar);
  if (code >= 0) code = avcodec_open2(decoder.codec_.get(), codec, nullptr);
  if (code < 0) return av_failed(code, "decoding", path);
  return decoder;
}

Result<const AVFrame*> Decoder::next() {
  for (;;) {
    const int code = avcodec_receive_frame(codec_.get(), frame_.get());
    if (code == 0) return frame_.get();
    if (code == AVERROR_EOF) return nullptr;
    if (code != AVERROR(EAGAIN)) return av_failed(code, "decoding", path_);
    DKVM_CHECK(feed());
  }
}

// Hands the decoder the stream's next packet, or the end: then it gives out what
// it still holds.
Result<> Decoder::feed() {
  int code = 0;
  do {
    av_packet_unref(packet_.get());
    code = av_read_frame(input_.get(), packet_.get());
  } while (code >= 0 && packet_->stream_index != stream_);
  if (code < 0 && code != AVERROR_EOF) return av_failed(code, "reading", path_);
  code = avcodec_send_packet(codec_.get(), code == AVERROR_EOF ? nullptr : packet_.get());
  av_packet_unref(packet_.get());
  if (code < 0) return av_failed(code, "decoding", path_);
  return {};
}

}  // namespace dkvm::media
