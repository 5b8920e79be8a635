#include "devices/codec/picture_decoder.hpp"

#include "devices/codec/bgrx.hpp"

extern "C" {
#include <libavcodec/codec_desc.h>
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cstring>

namespace dkvm::codec {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<const AVCodec*> find_decoder(const std::string& name) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get_by_name(name.c_str());
  const AVCodec* codec = descriptor == nullptr || descriptor->type != AVMEDIA_TYPE_VIDEO
                             ? nullptr
                             : avcodec_find_decoder(descriptor->id);
  if (codec != nullptr) return codec;
  return fail(Errc::unsupported, "no decoder for video of codec '" + name +
                                     "' is here, expected one of FFmpeg's (ffmpeg -codecs)");
}

}  // namespace

Result<PictureDecoder> PictureDecoder::make(std::vector<std::string> codecs, int threads) {
  for (const auto& name : codecs) DKVM_CHECK(find_decoder(name));
  PictureDecoder decoder;
  decoder.codecs_ = std::move(codecs);
  decoder.threads_ = threads;
  decoder.packet_.reset(av_packet_alloc());
  if (!decoder.packet_) return fail(Errc::exhausted, "no memory for a decoder");
  return decoder;
}

Result<PictureDecoder::Decoded> PictureDecoder::decode(const MediaPacket& packet, Bytes bytes,
                                                       std::uint64_t capture_ns) {
  if (needs_keyframe_ && !packet.keyframe) return Decoded{};
  DKVM_CHECK(prepare(packet));
  DKVM_CHECK(fill(bytes, capture_ns));
  const int code = avcodec_send_packet(context_.get(), packet_.get());
  av_packet_unref(packet_.get());
  if (code < 0) return damaged(code);
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
  if (std::find(codecs_.begin(), codecs_.end(), packet.codec) == codecs_.end())
    return fail(Errc::unsupported, "a packet of codec '" + packet.codec.substr(0, kNameBytesMax) +
                                       "', expected " + joined(codecs_));
  DKVM_TRY(const AVCodec* codec, find_decoder(packet.codec));
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) return media::no_memory("decoding", packet.codec);
  AVCodecContext& context = *context_;
  context.flags |= AV_CODEC_FLAG_LOW_DELAY;
  context.err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
  context.thread_type = FF_THREAD_SLICE;  // threads on frames keep frames back
  context.thread_count = threads_;
  context.max_pixels = static_cast<std::int64_t>(kPicturePixelsMax);
  if (!packet.extradata.empty()) {
    const std::size_t size = packet.extradata.size();
    context.extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
    if (context.extradata == nullptr) return media::no_memory("decoding", packet.codec);
    std::memcpy(context.extradata, packet.extradata.data(), size);
    context.extradata_size = static_cast<int>(size);
  }
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

// A copy: the producer may still write to what it has sent.
Result<> PictureDecoder::fill(Bytes bytes, std::uint64_t capture_ns) {
  if (bytes.empty() || bytes.size() > kPacketBytesMax) {
    needs_keyframe_ = true;
    return fail(Errc::corrupt, "a packet of " + std::to_string(bytes.size()) +
                                   " bytes, expected 1 to " + std::to_string(kPacketBytesMax));
  }
  if (av_new_packet(packet_.get(), static_cast<int>(bytes.size())) < 0)
    return fail(Errc::exhausted, "no memory for a packet");
  std::memcpy(packet_->data, bytes.data(), bytes.size());
  packet_->pts = packet_->dts = static_cast<std::int64_t>(capture_ns);
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
    if (code < 0) return damaged(code);
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
      return damaged(AVERROR_INVALIDDATA);
    decoded.frame = std::move(frame);
  }
  if (!decoded.frame && ++held_back_ > kHeldBackMax) return damaged(AVERROR_INVALIDDATA);
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

tl::unexpected<Error> PictureDecoder::damaged(int code) {
  needs_keyframe_ = true;
  auto error = media::av_failed(code, "decoding a packet of", codec_);
  return fail(code == AVERROR(ENOMEM) ? Errc::exhausted : Errc::corrupt, error.value().message());
}

}  // namespace dkvm::codec
