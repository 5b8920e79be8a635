#pragma once

#include <dkvm/pixels.hpp>
#include <dkvm/result.hpp>
#include <dkvm/sound.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

// FFmpeg's objects with owners, and its errors as ours.
namespace dkvm::media {

// From so many lines up a picture that does not say its colours has those of
// BT.709, below those of BT.601.
inline constexpr int kHdLines = 720;

template <auto free_by_address>
struct FreeByAddress {
  template <class Object>
  void operator()(Object* object) const {
    free_by_address(&object);
  }
};

struct FreeOutput {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr && (context->oformat->flags & AVFMT_NOFILE) == 0)
      avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

struct FreeScaler {
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};

using AvFrame = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using AvPacket = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using AvCodecContext = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using AvInput = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using AvOutput = std::unique_ptr<AVFormatContext, FreeOutput>;
using AvScaler = std::unique_ptr<SwsContext, FreeScaler>;
using AvResampler = std::unique_ptr<SwrContext, FreeByAddress<swr_free>>;

// What FFmpeg refused while doing something with a file.
tl::unexpected<Error> av_failed(int code, const std::string& doing, const std::string& path);

tl::unexpected<Error> no_memory(const std::string& doing, const std::string& path);

// A path as FFmpeg takes it: never the address of something on a network.
inline std::string av_address(const std::string& path) { return "file:" + path; }

// Shape: fourcc is one of kPixelFormats
AVPixelFormat av_format_of(std::uint32_t fourcc);
AVSampleFormat av_format_of(SampleFormat format);

// Whether the codec has an option of its own by this name.
bool has_option(const AVCodecContext& context, const char* name);

// What FFmpeg has to say goes to the device's log, and there as debug text: what
// matters comes back as an error. Codecs' threads log too.
void log_as_device();

// Leaves out all of it: for what is decoded of others, whose nonsense would fill the log
// and make the device wait for it.
void log_nothing();

}  // namespace dkvm::media
