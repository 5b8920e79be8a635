#include "devices/codec/sound_decoder.hpp"

#include "devices/codec/av_codec.hpp"
#include "devices/codec/sound_time.hpp"
#include "devices/media/samples.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dkvm::codec {
namespace {

// Rounding of positions on their way through nanoseconds and other rates.
constexpr std::uint64_t kSlackSamples = 2;

// The sample that a time is nearest to.
std::uint64_t position_of(std::uint64_t ns, std::uint32_t rate) {
  return ns / kSecondNs * rate + (ns % kSecondNs * rate + kSecondNs / 2) / kSecondNs;
}

// What an encoder put before its first sample, as the head of Opus says: the samples of
// a packet are earlier by that.
std::uint64_t delay_of(const MediaPacket& packet) {
  constexpr std::size_t kHeadBytesMin = 19, kPreSkipAt = 10;
  const auto& head = packet.extradata;
  if (packet.codec != "opus" || head.size() < kHeadBytesMin) return 0;
  return head[kPreSkipAt] | std::uint64_t{head[kPreSkipAt + 1]} << 8;  // of 48 kHz, as it decodes
}

}  // namespace

Result<SoundDecoder> SoundDecoder::make(std::vector<std::string> codecs, SampleFormat format) {
  for (const auto& name : codecs) DKVM_CHECK(find_decoder(name, AVMEDIA_TYPE_AUDIO));
  SoundDecoder decoder;
  decoder.codecs_ = std::move(codecs);
  decoder.format_ = format;
  decoder.frame_.reset(av_frame_alloc());
  if (!decoder.frame_) return fail(Errc::exhausted, "no memory for a decoder");
  return decoder;
}

Result<std::vector<SoundDecoder::Chunk>> SoundDecoder::decode(const MediaPacket& packet,
                                                              Bytes bytes,
                                                              std::uint64_t capture_ns) {
  DKVM_CHECK(prepare(packet));
  DKVM_TRY(const media::AvPacket copied, copy_packet(bytes, kSoundPacketBytesMax));
  int code = avcodec_send_packet(context_.get(), copied.get());
  std::vector<Chunk> chunks;
  while (code >= 0) {
    code = avcodec_receive_frame(context_.get(), frame_.get());
    if (code < 0) break;
    DKVM_TRY(Chunk chunk, convert(*frame_));
    if (chunk.frames == 0) continue;
    if (chunks.empty()) {
      place(chunk, packet, capture_ns);
    } else {
      chunk.position = expected_;
      chunk.capture_ns = chunks.back().capture_ns + ns_of(chunks.back().frames, chunk.rate);
    }
    const bool lost = begun_ && chunk.position > expected_ && last_.rate == chunk.rate &&
                      last_.channels == chunk.channels &&
                      chunk.position - expected_ <= samples_in(kConcealTimeMax, chunk.rate);
    if (lost) chunks.push_back(echo(chunk.position - expected_, chunk));
    if (chunk.frames == 0) continue;
    begun_ = true;
    expected_ = chunk.position + chunk.frames;
    last_ = chunk;
    chunks.push_back(std::move(chunk));
  }
  if (code < 0 && code != AVERROR(EAGAIN))
    return fail(Errc::corrupt,
                media::av_failed(code, "decoding a packet of", shape_.codec).value().message());
  return chunks;
}

Result<> SoundDecoder::prepare(const MediaPacket& packet) {
  if (context_ && packet.codec == shape_.codec && packet.rate == shape_.rate &&
      packet.channels == shape_.channels && packet.extradata == shape_.extradata)
    return {};
  return open(packet);
}

Result<> SoundDecoder::open(const MediaPacket& packet) {
  context_.reset();
  DKVM_CHECK(check_expected(packet.codec, codecs_));
  if (packet.channels == 0 || packet.channels > kSoundChannelsMax || packet.rate < kSampleRateMin ||
      packet.rate > kSampleRateMax)
    return fail(Errc::unsupported, "a packet of " + std::to_string(packet.channels) +
                                       " channels at " + std::to_string(packet.rate) +
                                       " Hz, expected 1 to " + std::to_string(kSoundChannelsMax) +
                                       " at " + std::to_string(kSampleRateMin) + " to " +
                                       std::to_string(kSampleRateMax));
  DKVM_TRY(const AVCodec* codec, find_decoder(packet.codec, AVMEDIA_TYPE_AUDIO));
  media::AvCodecContext context(avcodec_alloc_context3(codec));
  if (!context) return media::no_memory("decoding", packet.codec);
  context->sample_rate = static_cast<int>(packet.rate);
  context->pkt_timebase = {1, 1'000'000'000};
  context->err_recognition = AV_EF_EXPLODE;
  context->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL;  // what is before the first sample: place()
  av_channel_layout_default(&context->ch_layout, packet.channels);
  DKVM_CHECK(set_extradata(*context, packet.extradata, packet.codec));
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return media::av_failed(code, "starting the decoder for", packet.codec);
  context_ = std::move(context);
  shape_ = packet;
  return {};
}

Result<> SoundDecoder::make_resampler(const AVFrame& frame) {
  const auto rate = static_cast<std::uint32_t>(frame.sample_rate);
  const int channels = frame.ch_layout.nb_channels;
  if (channels < 1 || channels > kSoundChannelsMax || rate < kSampleRateMin ||
      rate > kSampleRateMax)
    return fail(Errc::unsupported, "sound of " + std::to_string(channels) + " channels at " +
                                       std::to_string(rate) + " Hz");
  if (resampler_ && rate == rate_ && channels == channels_ && frame.format == from_) return {};
  AVChannelLayout layout{};
  av_channel_layout_default(&layout, channels);
  SwrContext* context = nullptr;
  int code = swr_alloc_set_opts2(&context, &layout, media::av_format_of(format_), frame.sample_rate,
                                 &layout, static_cast<AVSampleFormat>(frame.format),
                                 frame.sample_rate, 0, nullptr);
  resampler_.reset(context);
  if (code >= 0) code = swr_init(context);
  if (code < 0) return media::av_failed(code, "converting sound of", shape_.codec);
  rate_ = rate;
  channels_ = channels;
  from_ = frame.format;
  return {};
}

// Into the format that is wanted; rate and channels stay.
Result<SoundDecoder::Chunk> SoundDecoder::convert(const AVFrame& frame) {
  DKVM_CHECK(make_resampler(frame));
  Chunk chunk;
  chunk.rate = rate_;
  chunk.channels = static_cast<std::uint8_t>(channels_);
  if (static_cast<std::uint64_t>(frame.nb_samples) > samples_in(kSoundPacketTimeMax, rate_))
    return fail(Errc::unsupported, "a packet of " + std::to_string(frame.nb_samples) +
                                       " samples, expected sound for at most " +
                                       std::to_string(kSoundPacketTimeMax.count()) + " ms");
  chunk.samples.resize(static_cast<std::size_t>(frame.nb_samples) * chunk.channels *
                       bytes_per_sample(format_));
  auto* out = reinterpret_cast<std::uint8_t*>(chunk.samples.data());
  // FFmpeg's signature promises less than it does: the input is not written to.
  const int made =
      swr_convert(resampler_.get(), &out, frame.nb_samples,
                  const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
  if (made < 0) return media::av_failed(made, "converting sound of", shape_.codec);
  chunk.frames = static_cast<std::uint32_t>(made);
  return chunk;
}

// Says where in the stream a packet's first chunk is, and cuts off what is before it.
void SoundDecoder::place(Chunk& chunk, const MediaPacket& packet, std::uint64_t capture_ns) {
  const std::uint64_t delay = delay_of(packet);
  const std::uint64_t position = position_of(packet.pts_ns, chunk.rate);
  const std::uint64_t cut =
      std::min<std::uint64_t>(delay > position ? delay - position : 0, chunk.frames);
  chunk.position = position + cut - std::min(delay, position + cut);
  const std::uint64_t off = begun_ && chunk.position < expected_ ? expected_ - chunk.position
                            : begun_                             ? chunk.position - expected_
                                                                 : kSlackSamples + 1;
  if (off <= kSlackSamples) chunk.position = expected_;
  const std::uint64_t earlier = ns_of(delay - std::min(delay, cut), chunk.rate);
  chunk.capture_ns = capture_ns > earlier ? capture_ns - earlier : capture_ns;
  if (cut == 0) return;
  const std::size_t frame_bytes = std::size_t{chunk.channels} * bytes_per_sample(format_);
  chunk.samples.erase(chunk.samples.begin(),
                      chunk.samples.begin() + static_cast<std::ptrdiff_t>(cut * frame_bytes));
  chunk.frames -= static_cast<std::uint32_t>(cut);
}

// The last sound backwards, which joins it without a step, fading out.
SoundDecoder::Chunk SoundDecoder::echo(std::uint64_t frames, const Chunk& before) const {
  Chunk chunk;
  chunk.rate = before.rate;
  chunk.channels = before.channels;
  chunk.frames = static_cast<std::uint32_t>(frames);
  chunk.position = expected_;
  const std::uint64_t earlier = ns_of(frames, before.rate);
  chunk.capture_ns = before.capture_ns > earlier ? before.capture_ns - earlier : before.capture_ns;
  chunk.made_up = true;
  const std::size_t bytes = bytes_per_sample(format_);
  chunk.samples.resize(frames * chunk.channels * bytes);
  const std::uint64_t audible =
      std::min<std::uint64_t>({frames, last_.frames, samples_in(kEchoTime, before.rate)});
  for (std::uint64_t i = 0; i < audible; ++i)
    for (std::size_t channel = 0; channel < chunk.channels; ++channel) {
      const std::size_t from = (last_.frames - 1 - i) * chunk.channels + channel;
      const double fade = 1 - static_cast<double>(i + 1) / static_cast<double>(audible);
      media::write_sample(format_,
                          fade * media::read_sample(format_, last_.samples.data() + from * bytes),
                          chunk.samples.data() + (i * chunk.channels + channel) * bytes);
    }
  return chunk;
}

}  // namespace dkvm::codec
