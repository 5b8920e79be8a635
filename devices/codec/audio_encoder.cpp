#include "devices/codec/options.hpp"
#include "devices/codec/sound_encoder.hpp"
#include "devices/media/complaints.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/time.hpp>
#include <dkvm/trouble.hpp>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace {

using namespace dkvm;
using namespace dkvm::codec;

// Makes packets of sound. Sound is live: a packet that finds no slot is lost, and the
// position of the next one says so.
class AudioEncoder final : public Device {
 public:
  AudioEncoder()
      : Device("audio-encoder", "Encodes sound by FFmpeg, as Opus unless told otherwise"),
        packets_(source<MediaPacket>({.name = "packets", .help = "the packets"})) {
    declare();
    sink<AudioFrame>({.name = "audio", .help = "the sound"})
        .on<AudioFrame>([this](const auto& frame, const auto& info) { take(frame, info); });
  }

  Result<> start(Context& context) override {
    trouble_.begin(context);
    media::log_as_device();
    DKVM_TRY(codec_, read(context.config()));
    constexpr std::uint32_t kTryRate = 48'000;
    DKVM_CHECK(SoundEncoder::open(codec_, kTryRate, 2));
    context.serve("audio.status", [this](const Call&, Reply reply) { reply(status()); });
    return packets_.open_pool({.slot_bytes = kSoundPacketBytesMax, .slots = kSoundSlots});
  }

 private:
  void declare() {
    option({.name = "codec",
            .fallback = "libopus",
            .help = "FFmpeg's name of a sound encoder (ffmpeg -encoders)"});
    option({.name = "bitrate",
            .type = ValueType::integer,
            .fallback = std::to_string(kSoundBitrateDefault),
            .help = "bits/s",
            .min = kSoundBitrateMin,
            .max = kSoundBitrateMax});
    option({.name = "frame",
            .fallback = "10ms",
            .help = "sound in one packet, where the codec lets choose",
            .choices = {"2.5ms", "5ms", "10ms", "20ms", "40ms", "60ms"}});
    option({.name = "options",
            .type = ValueType::map,
            .help = "of the encoder, by FFmpeg's names: {application: audio}"});
  }

  static Result<SoundCodec> read(const ConfigReader& config) {
    SoundCodec codec;
    DKVM_TRY(codec.encoder, config.text("codec"));
    DKVM_TRY(const std::int64_t bitrate, config.integer("bitrate"));
    codec.bitrate = static_cast<std::uint64_t>(bitrate);
    DKVM_CHECK(config.text("frame"));
    DKVM_TRY(codec.frame, config.duration("frame"));
    DKVM_TRY(codec.options, read_options(config));
    return codec;
  }

  void take(const AudioFrame& frame, const EventInfo& info) {
    const auto sound = Sound::of(frame, info.bytes());
    if (!sound) return complaints_.say(sound.error().message());
    if (sound->channels > kSoundChannelsMax)
      return complaints_.say(std::to_string(sound->channels) + " channels, expected at most " +
                             std::to_string(kSoundChannelsMax));
    if (is_refused(*sound)) return;
    if (!encoder_ || !encoder_->fits(*sound)) {
      auto opened = SoundEncoder::open(codec_, sound->rate, sound->channels);
      if (!opened) return on_refused(*sound, opened.error());
      encoder_ = std::move(*opened);
    }
    if (const auto taken = encoder_->take(*sound, frame.position, info.capture_ns()); !taken)
      return complaints_.say(taken.error().message());
    if (const auto sent = send_all(); !sent) on_refused(*sound, sent.error());
  }

  bool is_refused(const Sound& sound) const {
    return refused_ && refused_->rate == sound.rate && refused_->channels == sound.channels &&
           now_ns() < refused_->until_ns;
  }

  // Sound of this shape is dropped, for good where the codec cannot take it; that of
  // another is tried.
  void on_refused(const Sound& sound, const Error& why) {
    encoder_.reset();
    const bool for_good = why.code() == Errc::unsupported || why.code() == Errc::invalid;
    const auto pause = static_cast<std::uint64_t>(std::chrono::nanoseconds(kTryAgainAfter).count());
    refused_ = {sound.rate, sound.channels, for_good ? kNever : now_ns() + pause};
    trouble_.say(why.message());
  }

  Result<> send_all() {
    for (;;) {
      DKVM_TRY(const auto packet, encoder_->next());
      if (!packet) return {};
      send(*packet);
    }
  }

  void send(const SoundEncoder::Packet& from) {
    auto slot = packets_.borrow();
    if (!slot || from.bytes.size() > slot->bytes().size()) {
      ++dropped_;
      return;
    }
    std::memcpy(slot->bytes().data(), from.bytes.data(), from.bytes.size());
    MediaPacket packet;
    packet.codec = encoder_->codec_name();
    packet.keyframe = true;  // each can be decoded by itself
    packet.pts_ns = from.position_ns;
    packet.duration_ns = from.duration_ns;
    packet.rate = encoder_->rate();
    packet.channels = encoder_->channels();
    const auto* head = flat_bytes(encoder_->extradata());
    packet.extradata.assign(head, head + encoder_->extradata().size());
    const auto sent =
        packets_.publish(std::move(*slot), from.bytes.size(), packet, from.capture_ns);
    if (!sent) {
      ++dropped_;
      return;
    }
    trouble_.over();
    refused_.reset();
    ++sent_;
    bytes_ += from.bytes.size();
  }

  Answer status() const {
    return nlohmann::json{{"codec", codec_.encoder},
                          {"bitrate", codec_.bitrate},
                          {"packets", sent_},
                          {"bytes", bytes_},
                          {"dropped", dropped_}}
        .dump();
  }

  OutPort& packets_;
  SoundCodec codec_;
  std::optional<SoundEncoder> encoder_;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  struct Shape {
    std::uint32_t rate;
    std::uint8_t channels;
    std::uint64_t until_ns;
  };
  std::optional<Shape> refused_;  // the codec takes no sound of this shape
  media::Complaints complaints_;
  Trouble trouble_;
  std::uint64_t sent_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<AudioEncoder>(argc, argv); }
