#include "devices/media/ffmpeg/decoder.hpp"
#include "devices/media/ffmpeg/files.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace dkvm::media {
namespace {

constexpr int kFlushSamples = 16'384;  // taken at once of what a resampler holds at the end

class AudioReader final : public SoundReader {
 public:
  AudioReader(std::string path, const SoundWish& wish) : path_(std::move(path)), wish_(wish) {}

  // Life: once, before anything else
  Result<> begin() {
    decoder_.reset();
    DKVM_TRY(Decoder decoder, Decoder::open(path_, AVMEDIA_TYPE_AUDIO));
    const AVCodecContext& codec = decoder.codec();
    if (wish_.rate == 0) wish_.rate = static_cast<std::uint32_t>(codec.sample_rate);
    if (wish_.channels == 0)
      wish_.channels = static_cast<std::uint8_t>(codec.ch_layout.nb_channels);
    decoder_ = std::make_unique<Decoder>(std::move(decoder));
    DKVM_CHECK(make_resampler(codec));
    pending_.clear();
    taken_ = 0;
    ended_ = false;
    return {};
  }

  std::uint32_t rate() const override { return wish_.rate; }
  std::uint8_t channels() const override { return wish_.channels; }

  Result<std::size_t> read(std::span<std::byte> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      if (taken_ == pending_.size()) {
        if (ended_) break;
        DKVM_CHECK(convert_next());
        continue;
      }
      const std::size_t bytes = std::min(out.size() - filled, pending_.size() - taken_);
      std::memcpy(out.data() + filled, pending_.data() + taken_, bytes);
      filled += bytes;
      taken_ += bytes;
    }
    return filled;
  }

  Result<> rewind() override { return begin(); }

 private:
  Result<> make_resampler(const AVCodecContext& codec) {
    AVChannelLayout from{};  // without memory of its own, whatever becomes of it
    AVChannelLayout to{};
    if (codec.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
      av_channel_layout_default(&from, codec.ch_layout.nb_channels);
    } else {
      av_channel_layout_copy(&from, &codec.ch_layout);
    }
    av_channel_layout_default(&to, wish_.channels);
    if (to.nb_channels == from.nb_channels) av_channel_layout_copy(&to, &from);
    SwrContext* context = nullptr;
    int code =
        swr_alloc_set_opts2(&context, &to, av_format_of(wish_.format), static_cast<int>(wish_.rate),
                            &from, codec.sample_fmt, codec.sample_rate, 0, nullptr);
    resampler_.reset(context);
    if (code >= 0) code = swr_init(context);
    av_channel_layout_uninit(&from);
    av_channel_layout_uninit(&to);
    if (code < 0) return av_failed(code, "resampling", path_);
    return {};
  }

  // Replaces what is pending, which was taken, by the samples of the next frame.
  Result<> convert_next() {
    DKVM_TRY(const AVFrame* frame, decoder_->next());
    const int given = frame == nullptr ? 0 : frame->nb_samples;
    const int room =
        frame == nullptr ? kFlushSamples : swr_get_out_samples(resampler_.get(), given);
    const std::size_t frame_bytes = std::size_t{bytes_per_sample(wish_.format)} * wish_.channels;
    pending_.resize(static_cast<std::size_t>(std::max(room, 0)) * frame_bytes);
    taken_ = 0;
    auto* out = reinterpret_cast<std::uint8_t*>(pending_.data());
    // FFmpeg's signature promises less than it does: the input is not written to.
    auto** in = frame == nullptr ? nullptr : const_cast<const std::uint8_t**>(frame->extended_data);
    const int made = swr_convert(resampler_.get(), &out, room, in, given);
    if (made < 0) return av_failed(made, "resampling", path_);
    pending_.resize(static_cast<std::size_t>(made) * frame_bytes);
    ended_ = frame == nullptr && made == 0;  // else the resampler may hold more
    return {};
  }

  std::string path_;
  SoundWish wish_;
  std::unique_ptr<Decoder> decoder_;
  AvResampler resampler_;
  std::vector<std::byte> pending_;
  std::size_t taken_ = 0;  // bytes of pending_
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<SoundReader>> read_audio(const std::string& path, const SoundWish& wish) {
  auto reader = std::make_unique<AudioReader>(path, wish);
  DKVM_CHECK(reader->begin());
  if (reader->rate() < kSampleRateMin || reader->rate() > kSampleRateMax ||
      reader->channels() == 0 || reader->channels() > kChannelsMax)
    return fail(Errc::unsupported, "'" + path + "' has " + std::to_string(reader->channels()) +
                                       " channels at " + std::to_string(reader->rate()) +
                                       " Hz, expected 1 to 64 at 1000 to 768000 Hz");
  return reader;
}

}  // namespace dkvm::media
