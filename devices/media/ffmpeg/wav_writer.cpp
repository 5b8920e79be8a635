#include "devices/media/ffmpeg/av.hpp"
#include "devices/media/ffmpeg/files.hpp"

extern "C" {
#include <libavutil/dict.h>
}

#include <cstring>
#include <utility>

namespace dkvm::media {
namespace {

// Samples are their own encoding: they go into the file as they are.
class WavWriter final : public SoundWriter {
 public:
  WavWriter(AvOutput output, std::string path)
      : output_(std::move(output)), path_(std::move(path)) {}

  Result<> write(Bytes samples) override {
    AVStream& stream = *output_->streams[0];
    const int code = [&] {
      if (const int made = av_new_packet(packet_.get(), static_cast<int>(samples.size())); made < 0)
        return made;
      std::memcpy(packet_->data, samples.data(), samples.size());
      packet_->stream_index = 0;
      packet_->duration = static_cast<std::int64_t>(samples.size()) / stream.codecpar->block_align;
      packet_->pts = packet_->dts = written_;
      written_ += packet_->duration;
      return av_write_frame(output_.get(), packet_.get());
    }();
    av_packet_unref(packet_.get());
    if (code < 0) return av_failed(code, "writing", path_);
    return {};
  }

  Result<> finish() override {
    if (std::exchange(finished_, true)) return {};
    if (const int code = av_write_trailer(output_.get()); code < 0)
      return av_failed(code, "finishing", path_);
    return {};
  }

 private:
  AvOutput output_;
  std::string path_;
  AvPacket packet_{av_packet_alloc()};
  std::int64_t written_ = 0;  // samples per channel
  bool finished_ = false;
};

AVCodecID codec_of(SampleFormat format) {
  switch (format) {
    case SampleFormat::s32: return AV_CODEC_ID_PCM_S32LE;
    case SampleFormat::f32: return AV_CODEC_ID_PCM_F32LE;
    default: return AV_CODEC_ID_PCM_S16LE;
  }
}

void describe(AVCodecParameters& parameters, std::uint32_t rate, std::uint8_t channels,
              SampleFormat format) {
  const int sample_bytes = static_cast<int>(bytes_per_sample(format));
  parameters.codec_type = AVMEDIA_TYPE_AUDIO;
  parameters.codec_id = codec_of(format);
  parameters.format = av_format_of(format);
  parameters.sample_rate = static_cast<int>(rate);
  av_channel_layout_default(&parameters.ch_layout, channels);
  parameters.bits_per_coded_sample = 8 * sample_bytes;
  parameters.block_align = channels * sample_bytes;
  parameters.bit_rate = std::int64_t{8} * parameters.block_align * rate;
}

}  // namespace

Result<std::unique_ptr<SoundWriter>> write_wav(const std::string& path, std::uint32_t rate,
                                               std::uint8_t channels, SampleFormat format) {
  AVFormatContext* context = nullptr;
  const std::string address = av_address(path);
  int code = avformat_alloc_output_context2(&context, nullptr, "wav", address.c_str());
  if (code < 0) return av_failed(code, "writing", path);
  AvOutput output(context);
  if (code = avio_open(&context->pb, address.c_str(), AVIO_FLAG_WRITE); code < 0)
    return av_failed(code, "opening", path);
  AVStream* stream = avformat_new_stream(context, nullptr);
  if (stream == nullptr) return fail(Errc::exhausted, "no memory to write '" + path + "'");
  describe(*stream->codecpar, rate, channels, format);
  stream->time_base = {1, static_cast<int>(rate)};
  context->flags |= AVFMT_FLAG_BITEXACT;  // nothing in the file but the samples
  context->flush_packets = 1;
  AVDictionary* options = nullptr;  // past 4 GiB it becomes an RF64
  av_dict_set(&options, "rf64", "auto", 0);
  code = avformat_write_header(context, &options);
  av_dict_free(&options);
  if (code < 0) return av_failed(code, "writing", path);
  return std::make_unique<WavWriter>(std::move(output), path);
}

}  // namespace dkvm::media
