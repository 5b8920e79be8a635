#include "devices/codec/picture_decoder.hpp"

#include "devices/codec/av_codec.hpp"
#include "devices/codec/bgrx.hpp"

#include <utility>

namespace dkvm::codec {

Result<PictureDecoder> PictureDecoder::make(std::vector<std::string> codecs, int threads) {
  for (const auto& name : codecs) DKVM_CHECK(find_decoder(name, AVMEDIA_TYPE_VIDEO));
  PictureDecoder decoder;
  decoder.codecs_ = std::move(codecs);
  decoder.threads_ = threads;
  return decoder;
}

Result<PictureDecoder::Decoded> PictureDecoder::decode(const MediaPacket& packet,
                                                       Result<media::AvPacket> copied,
                                                       std::uint64_t capture_ns) {
  if (needs_keyframe_ && !packet.keyframe) return Decoded{};
  if (!copied) {
    needs_keyframe_ = true;
    return fail(std::move(copied).error());
  }
  DKVM_CHECK(prepare(packet));
  AVPacket& bytes = **copied;
  bytes.pts = bytes.dts = static_cast<std::int64_t>(capture_ns);
  if (const int code = avcodec_send_packet(context_.get(), &bytes); code < 0)
    return damaged(code, packet);
  return receive(packet);
}

// The decoder for this packet: a new one when codec or extradata are others, and for the
// keyframe that mends a stream: what damaged packets have told the old one (that pictures
// are to be kept back, for instance) is no more believed.
Result<> PictureDecoder::prepare(const MediaPacket& packet) {
  const bool same =
      context_ && packet.codec == codec_ && (!packet.keyframe || packet.extradata == extradata_);
  return same && !needs_keyframe_ ? Result<>{} : open(packet);
}

Result<> PictureDecoder::open(const MediaPacket& packet) {
  DKVM_CHECK(check_expected(packet.codec, codecs_));
  DKVM_TRY(const AVCodec* codec, find_decoder(packet.codec, AVMEDIA_TYPE_VIDEO));
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) return media::no_memory("decoding", packet.codec);
  AVCodecContext& context = *context_;
  context.flags |= AV_CODEC_FLAG_LOW_DELAY;
  context.err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
  context.thread_type = FF_THREAD_SLICE;  // threads on frames keep frames back
  context.thread_count = threads_;
  context.max_pixels = static_cast<std::int64_t>(kPicturePixelsMax);
  DKVM_CHECK(set_extradata(context, packet.extradata, packet.codec));
  held_back_ = 0;
  needs_keyframe_ = true;
  codec_.clear();
  if (const int code = avcodec_open2(&context, codec, nullptr); code < 0) {
    context_.reset();
    return media::av_failed(code, "starting the decoder for", packet.codec);
  }
  codec_ = packet.codec;
  extradata_ = packet.extradata;
  return {};
}

// The newest picture that there is: a packet brings one, as a rule.
Result<PictureDecoder::Decoded> PictureDecoder::receive(const MediaPacket& packet) {
  Decoded decoded;
  for (;;) {
    media::AvFrame frame(av_frame_alloc());
    if (!frame) return fail(Errc::exhausted, "no memory for a picture");
    const int code = avcodec_receive_frame(context_.get(), frame.get());
    if (code == AVERROR(EAGAIN)) break;
    if (code < 0) return damaged(code, packet);
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
      return damaged(AVERROR_INVALIDDATA, packet);
    decoded.frame = std::move(frame);
  }
  if (!decoded.frame && ++held_back_ > kHeldBackMax) return damaged(AVERROR_INVALIDDATA, packet);
  needs_keyframe_ = false;
  if (!decoded.frame) return decoded;
  held_back_ = 0;
  if (auto convertible = check_convertible(*decoded.frame); !convertible) {
    needs_keyframe_ = true;
    return fail(convertible.error());
  }
  decoded.width = static_cast<std::uint32_t>(decoded.frame->width);
  decoded.height = static_cast<std::uint32_t>(decoded.frame->height);
  decoded.capture_ns = static_cast<std::uint64_t>(decoded.frame->pts);
  // An encoder of even sides only has repeated the last column or row.
  if (packet.width + 1 == decoded.width) decoded.width = packet.width;
  if (packet.height + 1 == decoded.height) decoded.height = packet.height;
  return decoded;
}

// What a packet says of its size is not believed, but it tells why FFmpeg may have
// refused it.
tl::unexpected<Error> PictureDecoder::damaged(int code, const MediaPacket& packet) {
  needs_keyframe_ = true;
  if (std::uint64_t{packet.width} * packet.height > kPicturePixelsMax)
    return fail(Errc::unsupported, "a picture of " + std::to_string(packet.width) + "x" +
                                       std::to_string(packet.height) + ", expected at most " +
                                       std::to_string(kPicturePixelsMax) + " pixels");
  auto error = media::av_failed(code, "decoding a packet of", codec_);
  return fail(code == AVERROR(ENOMEM) ? Errc::exhausted : Errc::corrupt, error.value().message());
}

}  // namespace dkvm::codec
