#include "devices/codec/sound_encoder.hpp"

#include "devices/codec/av_codec.hpp"
#include "devices/codec/sound_time.hpp"

#include <dkvm/payload.hpp>

#include <algorithm>
#include <cstring>

namespace dkvm::codec {
namespace {

// The codec's rate for sound of this rate: the same or the next higher, else its highest.
std::uint32_t rate_for(const AVCodec& codec, std::uint32_t rate) {
  if (codec.supported_samplerates == nullptr) return rate;
  std::uint32_t best = 0, highest = 0;
  for (const int* each = codec.supported_samplerates; *each != 0; ++each) {
    const auto one = static_cast<std::uint32_t>(*each);
    highest = std::max(highest, one);
    if (one >= rate && (best == 0 || one < best)) best = one;
  }
  return best == 0 ? highest : best;
}

bool takes_floats(const AVCodec& codec) {
  for (const AVSampleFormat* each = codec.sample_fmts; each != nullptr && *each >= 0; ++each)
    if (*each == AV_SAMPLE_FMT_FLT) return true;
  return false;
}

std::string text_of(std::chrono::nanoseconds frame) {
  const double ms = static_cast<double>(frame.count()) / 1e6;
  return ms == 2.5 ? "2.5" : std::to_string(static_cast<int>(ms));
}

}  // namespace

Result<SoundEncoder> SoundEncoder::open(const SoundCodec& codec, std::uint32_t rate,
                                        std::uint8_t channels) {
  DKVM_TRY(const AVCodec* found, find_encoder(codec.encoder, AVMEDIA_TYPE_AUDIO, takes_floats));
  const std::string doing = "starting the encoder for " + std::to_string(channels) +
                            " channels at " + std::to_string(rate) + " Hz";
  SoundEncoder encoder;
  encoder.encoder_ = codec.encoder;
  encoder.codec_name_ = avcodec_get_name(found->id);
  encoder.rate_in_ = rate;
  encoder.rate_ = rate_for(*found, rate);
  encoder.channels_ = channels;
  encoder.context_.reset(avcodec_alloc_context3(found));
  encoder.packet_.reset(av_packet_alloc());
  encoder.frame_.reset(av_frame_alloc());
  if (!encoder.context_ || !encoder.packet_ || !encoder.frame_)
    return media::no_memory(doing, codec.encoder);
  AVCodecContext& context = *encoder.context_;
  context.sample_rate = static_cast<int>(encoder.rate_);
  context.time_base = {1, context.sample_rate};
  context.sample_fmt = AV_SAMPLE_FMT_FLT;
  context.bit_rate = static_cast<std::int64_t>(codec.bitrate);
  context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;  // the head of Opus, for every packet's event
  av_channel_layout_default(&context.ch_layout, channels);
  CodecOptions options;
  if (media::has_option(context, "frame_duration"))
    options.set("frame_duration", text_of(codec.frame).c_str());
  if (media::has_option(context, "application")) options.set("application", "lowdelay");
  options.set_all(codec.options);
  DKVM_CHECK(options.open(context, *found, doing));
  if (context.frame_size <= 0)
    context.frame_size = static_cast<int>(samples_in(codec.frame, encoder.rate_));
  AVFrame& frame = *encoder.frame_;
  frame.format = context.sample_fmt;
  frame.nb_samples = context.frame_size;
  frame.sample_rate = context.sample_rate;
  av_channel_layout_copy(&frame.ch_layout, &context.ch_layout);
  if (av_frame_get_buffer(&frame, 0) < 0) return media::no_memory(doing, codec.encoder);
  DKVM_CHECK(encoder.make_resampler());
  return encoder;
}

Result<> SoundEncoder::make_resampler() {
  AVChannelLayout layout{};
  av_channel_layout_default(&layout, channels_);
  SwrContext* context = nullptr;
  int code =
      swr_alloc_set_opts2(&context, &layout, AV_SAMPLE_FMT_FLT, static_cast<int>(rate_), &layout,
                          media::av_format_of(format_), static_cast<int>(rate_in_), 0, nullptr);
  resampler_.reset(context);
  if (code >= 0) code = swr_init(context);
  if (code < 0) return media::av_failed(code, "resampling for", encoder_);
  return {};
}

void SoundEncoder::begin_at(std::uint64_t position) {
  begun_ = true;
  waiting_.clear();
  taken_ = 0;
  expected_ = position;
  position_ = position / rate_in_ * rate_ + position % rate_in_ * rate_ / rate_in_;
}

Result<> SoundEncoder::take(const Sound& sound, std::uint64_t position, std::uint64_t capture_ns) {
  const bool other_format = sound.format != format_;
  format_ = sound.format;
  const bool late = begun_ && position > expected_ &&
                    position - expected_ <= samples_in(kSilenceTimeMax, rate_in_);
  if (other_format) DKVM_CHECK(make_resampler());
  if (begun_ && position == expected_) {
  } else if (late) {
    DKVM_CHECK(fill_gap(position - expected_, sound.format));
  } else {
    DKVM_CHECK(make_resampler());  // what it holds is of before
    begin_at(position);
  }
  DKVM_CHECK(convert(flat_bytes(sound.samples), sound.frames, sound.format));
  expected_ = position + sound.frames;
  // What the resampler keeps is not among those that wait.
  const std::int64_t kept_ns = swr_get_delay(resampler_.get(), kSecondNs);
  capture_ns_ = capture_ns + ns_of(sound.frames, rate_in_) - static_cast<std::uint64_t>(kept_ns);
  return {};
}

Result<> SoundEncoder::fill_gap(std::uint64_t frames, SampleFormat format) {
  const std::vector<std::uint8_t> silence(frames * channels_ * bytes_per_sample(format));
  return convert(silence.data(), static_cast<std::uint32_t>(frames), format);
}

// Appends to what waits.
Result<> SoundEncoder::convert(const std::uint8_t* samples, std::uint32_t frames, SampleFormat) {
  if (frames == 0) return {};
  if (taken_ != 0) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
  }
  const std::size_t before = waiting_.size();
  const int room = swr_get_out_samples(resampler_.get(), static_cast<int>(frames));
  if (room < 0) return media::av_failed(room, "resampling for", encoder_);
  waiting_.resize(before + static_cast<std::size_t>(room) * channels_);
  auto* out = reinterpret_cast<std::uint8_t*>(waiting_.data() + before);
  const int made = swr_convert(resampler_.get(), &out, room, &samples, static_cast<int>(frames));
  if (made < 0) return media::av_failed(made, "resampling for", encoder_);
  waiting_.resize(before + static_cast<std::size_t>(made) * channels_);
  return {};
}

Result<std::optional<SoundEncoder::Packet>> SoundEncoder::next() {
  const auto frames = static_cast<std::size_t>(frame_->nb_samples);
  for (;;) {
    av_packet_unref(packet_.get());
    const int code = avcodec_receive_packet(context_.get(), packet_.get());
    if (code == 0) break;
    if (code != AVERROR(EAGAIN))
      return fail(Errc::internal,
                  media::av_failed(code, "encoding with", encoder_).value().message());
    if (waiting_frames() < frames) return std::nullopt;
    if (av_frame_make_writable(frame_.get()) < 0)
      return fail(Errc::exhausted, "no memory for sound");
    std::memcpy(frame_->data[0], waiting_.data() + taken_, frames * channels_ * sizeof(float));
    taken_ += frames * channels_;
    frame_->pts = static_cast<std::int64_t>(position_);
    position_ += frames;
    if (const int sent = avcodec_send_frame(context_.get(), frame_.get()); sent < 0)
      return fail(Errc::internal,
                  media::av_failed(sent, "encoding with", encoder_).value().message());
  }
  Packet packet;
  packet.bytes = {reinterpret_cast<const std::byte*>(packet_->data),
                  static_cast<std::size_t>(packet_->size)};
  // Where the codec's own delay has shifted it to, the decoder shifts it back from.
  const std::uint64_t first = position_ - frames;
  packet.position_ns = ns_of(first, rate_);
  packet.duration_ns = ns_of(frames, rate_);
  const std::uint64_t behind = ns_of(frames + waiting_frames(), rate_);
  packet.capture_ns = capture_ns_ > behind ? capture_ns_ - behind : capture_ns_;
  return packet;
}

Bytes SoundEncoder::extradata() const {
  return {reinterpret_cast<const std::byte*>(context_->extradata),
          static_cast<std::size_t>(context_->extradata_size)};
}

}  // namespace dkvm::codec
