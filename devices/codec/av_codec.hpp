#pragma once

#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

// What encoders and decoders of pictures and of sound need of FFmpeg alike.
namespace dkvm::codec {

// Errors: Errc::corrupt for none, and for more than bytes_max; Errc::exhausted.
// Life:   a copy: the producer may still write to what it has sent
Result<media::AvPacket> copy_packet(Bytes bytes, std::size_t bytes_max);

Result<> set_extradata(AVCodecContext& context, const std::vector<std::uint8_t>& extradata,
                       const std::string& codec);

// --- decoders -----------------------------------------------------------------

// By FFmpeg's name of the codec (h264, opus); kind: of what comes out.
// Errors: Errc::unsupported.
Result<const AVCodec*> find_decoder(const std::string& name, AVMediaType kind);

// Whether `codec` may come, where those that may are `codecs`.
// Errors: Errc::unsupported with those.
Result<> check_expected(const std::string& codec, const std::vector<std::string>& codecs);

// --- encoders -----------------------------------------------------------------

// By FFmpeg's name of the encoder (libx264).
// fits: whether an encoder takes what there is
// Errors: Errc::unsupported with the names of those that fit.
Result<const AVCodec*> find_encoder(const std::string& name, AVMediaType kind,
                                    const std::function<bool(const AVCodec&)>& fits);

// Options of a codec by their names; a later one takes an earlier one's place.
class CodecOptions {
 public:
  CodecOptions() = default;
  CodecOptions(const CodecOptions&) = delete;
  CodecOptions& operator=(const CodecOptions&) = delete;
  ~CodecOptions() { av_dict_free(&entries_); }

  void set(const char* name, const char* value) { av_dict_set(&entries_, name, value, 0); }
  void set_all(const std::map<std::string, std::string>& options);

  // Starts an encoder with them.
  // Errors: Errc::unsupported when it cannot do what it is told, Errc::invalid for an
  //         option that it does not have, Errc::exhausted without memory.
  Result<> open(AVCodecContext& context, const AVCodec& codec, const std::string& doing);

 private:
  AVDictionary* entries_ = nullptr;
};

}  // namespace dkvm::codec
