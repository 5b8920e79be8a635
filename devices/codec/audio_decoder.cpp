#include "devices/codec/sound_decoder.hpp"
#include "devices/media/complaints.hpp"
#include "devices/media/samples.hpp"

#include <dkvm/device_main.hpp>

#include <cstring>
#include <optional>
#include <utility>

namespace {

using namespace dkvm;
using namespace dkvm::codec;

// Makes sound of packets. A chunk that finds no slot is lost: the position of the next
// one says so.
class AudioDecoder final : public Device {
 public:
  AudioDecoder()
      : Device("audio-decoder", "Decodes packets by FFmpeg to sound"),
        audio_(source<AudioFrame>({.name = "audio", .help = "the sound"})) {
    option({.name = "codecs",
            .type = ValueType::list,
            .help = "those that may come, by FFmpeg's names; [opus] without the key"});
    option({.name = "format",
            .fallback = "s16",
            .help = "of the samples",
            .choices = {"s16", "s32", "f32"}});
    sink<MediaPacket>({.name = "packets", .help = "the packets"})
        .on<MediaPacket>([this](const auto& packet, const auto& info) { take(packet, info); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    media::log_nothing();
    std::vector<std::string> codecs = context.config().list("codecs");
    if (codecs.empty()) codecs = {"opus"};
    DKVM_TRY(const std::string format, context.config().text("format"));
    format_ = media::sample_format_from_name(format).value_or(SampleFormat::s16);
    auto decoder = SoundDecoder::make(std::move(codecs), format_);
    if (!decoder) return fail(std::move(decoder).error().within("config key 'codecs'"));
    decoder_ = std::move(*decoder);
    context.serve("audio.status", [this](const Call&, Reply reply) { reply(status()); });
    constexpr std::uint32_t kRate = 48'000, kChannels = 2;
    return open_pool(slot_bytes_for(kRate, kChannels));
  }

 private:
  std::size_t slot_bytes_for(std::uint32_t rate, std::uint32_t channels) const {
    return static_cast<std::size_t>(kSoundPacketTimeMax.count()) * rate / 1000 * channels *
           bytes_per_sample(format_);
  }

  Result<> open_pool(std::size_t slot_bytes) {
    slot_bytes_ = slot_bytes;
    return audio_.open_pool({.slot_bytes = slot_bytes, .slots = kSoundSlots});
  }

  void take(const MediaPacket& packet, const EventInfo& info) {
    if (!decoder_) return;
    ++packets_;
    const auto chunks = decoder_->decode(packet, info.bytes(), info.capture_ns());
    if (!chunks) {
      ++damaged_;
      return complaints_.say(chunks.error().message());
    }
    for (const SoundDecoder::Chunk& chunk : *chunks) send(chunk);
  }

  void send(const SoundDecoder::Chunk& chunk) {
    if (chunk.made_up) ++made_up_;
    if (chunk.samples.size() > slot_bytes_) {
      if (const auto opened = open_pool(slot_bytes_for(chunk.rate, chunk.channels)); !opened)
        return context_->finish(opened.error());
    }
    auto slot = audio_.borrow();
    if (!slot) {
      ++dropped_;
      return;
    }
    std::memcpy(slot->bytes().data(), chunk.samples.data(), chunk.samples.size());
    AudioFrame frame;
    frame.rate = chunk.rate;
    frame.channels = chunk.channels;
    frame.format = format_;
    frame.frames = chunk.frames;
    frame.position = chunk.position;
    const auto sent =
        audio_.publish(std::move(*slot), chunk.samples.size(), frame, chunk.capture_ns);
    if (!sent) ++dropped_;
  }

  Answer status() const {
    const auto item = [](const char* name, std::uint64_t value) {
      return '"' + std::string(name) + "\":" + std::to_string(value);
    };
    return '{' + item("packets", packets_) + ',' + item("made_up", made_up_) + ',' +
           item("damaged", damaged_) + ',' + item("dropped", dropped_) + '}';
  }

  OutPort& audio_;
  Context* context_ = nullptr;
  SampleFormat format_ = SampleFormat::s16;
  std::optional<SoundDecoder> decoder_;
  media::Complaints complaints_;
  std::size_t slot_bytes_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t made_up_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<AudioDecoder>(argc, argv); }
