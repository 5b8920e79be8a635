#include "devices/codec/av_codec.hpp"

#include <dkvm/limits.hpp>

extern "C" {
#include <libavcodec/codec_desc.h>
#include <libavutil/dict.h>
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cstring>

namespace dkvm::codec {
namespace {

const char* word_for(AVMediaType kind) { return kind == AVMEDIA_TYPE_VIDEO ? "video" : "sound"; }

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Result<media::AvPacket> copy_packet(Bytes bytes, std::size_t bytes_max) {
  if (bytes.empty() || bytes.size() > bytes_max)
    return fail(Errc::corrupt, "a packet of " + std::to_string(bytes.size()) +
                                   " bytes, expected 1 to " + std::to_string(bytes_max));
  media::AvPacket packet(av_packet_alloc());
  if (!packet || av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0)
    return fail(Errc::exhausted, "no memory for a packet");
  std::memcpy(packet->data, bytes.data(), bytes.size());
  return packet;
}

Result<> set_extradata(AVCodecContext& context, const std::vector<std::uint8_t>& extradata,
                       const std::string& codec) {
  const std::size_t size = extradata.size();
  if (size == 0) return {};
  context.extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
  if (context.extradata == nullptr) return media::no_memory("decoding", codec);
  std::memcpy(context.extradata, extradata.data(), size);
  context.extradata_size = static_cast<int>(size);
  return {};
}

Result<const AVCodec*> find_decoder(const std::string& name, AVMediaType kind) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get_by_name(name.c_str());
  // FFmpeg's own of Opus is the worse one.
  const AVCodec* codec = name == "opus" ? avcodec_find_decoder_by_name("libopus") : nullptr;
  if (codec == nullptr && descriptor != nullptr && descriptor->type == kind)
    codec = avcodec_find_decoder(descriptor->id);
  if (codec != nullptr && codec->type == kind) return codec;
  return fail(Errc::unsupported, std::string("no decoder for ") + word_for(kind) + " of codec '" +
                                     name + "' is here, expected one of FFmpeg's (ffmpeg -codecs)");
}

Result<> check_expected(const std::string& codec, const std::vector<std::string>& codecs) {
  if (std::find(codecs.begin(), codecs.end(), codec) != codecs.end()) return {};
  return fail(Errc::unsupported, "a packet of codec '" + codec.substr(0, kNameBytesMax) +
                                     "', expected " + joined(codecs));
}

Result<const AVCodec*> find_encoder(const std::string& name, AVMediaType kind,
                                    const std::function<bool(const AVCodec&)>& fits) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
  if (codec != nullptr && codec->type == kind && fits(*codec)) return codec;
  std::vector<std::string> names;
  void* at = nullptr;
  while (const AVCodec* each = av_codec_iterate(&at))
    if (av_codec_is_encoder(each) != 0 && each->type == kind && fits(*each))
      names.emplace_back(each->name);
  return fail(Errc::unsupported, std::string("no ") + word_for(kind) + " encoder '" + name +
                                     "' is here, expected one of " + joined(names));
}

void CodecOptions::set_all(const std::map<std::string, std::string>& options) {
  for (const auto& [name, value] : options) set(name.c_str(), value.c_str());
}

Result<> CodecOptions::open(AVCodecContext& context, const AVCodec& codec,
                            const std::string& doing) {
  if (const int code = avcodec_open2(&context, &codec, &entries_); code < 0) {
    auto error = media::av_failed(code, doing, codec.name);
    return fail(code == AVERROR(ENOMEM) ? Errc::exhausted : Errc::unsupported,
                error.value().message());
  }
  const AVDictionaryEntry* left = av_dict_get(entries_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  if (left == nullptr) return {};
  return fail(Errc::invalid, std::string("config key 'options': the encoder '") + codec.name +
                                 "' has no option '" + left->key + "'");
}

}  // namespace dkvm::codec
