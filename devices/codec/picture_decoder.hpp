#pragma once

#include "devices/codec/av_codec.hpp"
#include "devices/codec/limits.hpp"
#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::codec {

// Decodes the packets of one stream, whatever codec they say they are of, one after the
// other. What cannot be decoded costs the pictures up to the next keyframe and nothing
// else.
class PictureDecoder {
 public:
  // codecs: by FFmpeg's names (h264), those that may come; threads share each picture.
  // Errors: Errc::unsupported for a codec that has no decoder here.
  static Result<PictureDecoder> make(std::vector<std::string> codecs, int threads);

  struct Decoded {
    media::AvFrame frame;     // none: the codec holds it back, or references are missing
    std::uint32_t width = 0;  // of the picture in it
    std::uint32_t height = 0;
    std::uint64_t capture_ns = 0;
  };
  // Decodes a packet, of which copied() has made a copy.
  // Errors: Errc::corrupt for bytes that are no such packet: nothing comes out until the
  //         next keyframe. Errc::unsupported for a codec that is not among `codecs`, for
  //         pixels that nobody here converts, and for more of them than
  //         kPicturePixelsMax.
  Result<Decoded> decode(const MediaPacket& packet, Result<media::AvPacket> copied,
                         std::uint64_t capture_ns);
  // On any thread.
  static Result<media::AvPacket> copied(Bytes bytes) { return copy_packet(bytes, kPacketBytesMax); }

  // References are missing: a keyframe is needed.
  bool needs_keyframe() const { return needs_keyframe_; }

 private:
  Result<> prepare(const MediaPacket& packet);
  Result<> open(const MediaPacket& packet);
  Result<Decoded> receive(const MediaPacket& packet);
  tl::unexpected<Error> damaged(int code, const MediaPacket& packet);

  std::vector<std::string> codecs_;
  int threads_ = kThreadsDefault;
  std::string codec_;  // of context_
  std::vector<std::uint8_t> extradata_;
  media::AvCodecContext context_;
  // Packets in a row without a picture: a codec with reordering keeps some back, and one
  // that has been told a lie keeps all.
  static constexpr unsigned kHeldBackMax = 16;
  unsigned held_back_ = 0;
  bool needs_keyframe_ = true;
};

}  // namespace dkvm::codec
