#include "devices/dummy/audio/settings.hpp"

#include "devices/dummy/config_checks.hpp"
#include "devices/media/samples.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace dkvm::dummy {
namespace {

constexpr std::uint32_t kRateDefault = 48'000;
constexpr std::uint8_t kChannelsDefault = 2;
constexpr double kFrequencyDefault = 440;
constexpr std::chrono::nanoseconds kChunkMin = std::chrono::milliseconds(1);
constexpr std::chrono::nanoseconds kChunkMax = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds kDurationMax = std::chrono::hours(24 * 365);

// A number, or 0 for auto.
Result<std::int64_t> number_or_auto(const ConfigReader& config, std::string_view key) {
  DKVM_TRY(const bool automatic, is(config, key, "auto"));
  if (automatic) return 0;
  return config.integer(key);
}

Result<std::vector<double>> read_frequencies(const ConfigReader& config) {
  std::vector<double> frequencies;
  for (const std::string& text : config.list("frequencies")) {
    double frequency = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, frequency);
    if (error != std::errc{} || stopped != end || !(frequency >= 0 && frequency <= kSampleRateMax))
      return fail(Errc::invalid, "config key 'frequencies': '" + text +
                                     "' is not a frequency in Hz from 0 to " +
                                     std::to_string(kSampleRateMax));
    frequencies.push_back(frequency);
  }
  if (frequencies.size() > kChannelsMax)
    return fail(Errc::invalid,
                "config key 'frequencies' has " + std::to_string(frequencies.size()) +
                    " items, expected one per channel, at most " + std::to_string(kChannelsMax));
  if (frequencies.empty()) frequencies.push_back(kFrequencyDefault);
  return frequencies;
}

Result<std::chrono::nanoseconds> duration_within(const ConfigReader& config, std::string_view key,
                                                 std::chrono::nanoseconds least,
                                                 std::chrono::nanoseconds most,
                                                 std::string_view expected) {
  DKVM_TRY(const std::chrono::nanoseconds duration, config.duration(key));
  if (duration < least || duration > most)
    return fail(Errc::invalid, "config key '" + std::string(key) + "': '" +
                                   config.find(key).value_or("") + "' is not a duration from " +
                                   std::string(expected));
  return duration;
}

}  // namespace

void AudioSettings::declare(Device& device) {
  device.option({.name = "sound",
                 .fallback = "sine",
                 .help = "sine: tones; file: what `file` holds",
                 .choices = {"sine", "file"}});
  device.option({.name = "file",
                 .type = ValueType::path,
                 .help = "with sound: file; a WAV, or whatever FFmpeg reads"});
  device.option({.name = "mode",
                 .fallback = "loop",
                 .help = "play the file once and finish, or over and over",
                 .choices = {"once", "loop"}});
  device.option({.name = "frequencies",
                 .type = ValueType::list,
                 .help = "of the sine in Hz, one per channel; the last goes on for further "
                         "channels, [440] without the key"});
  device.option({.name = "level",
                 .type = ValueType::number,
                 .fallback = "0.5",
                 .help = "of the sine's peaks, as a share of full scale",
                 .min = 0,
                 .max = 1});
  device.option({.name = "rate",
                 .type = ValueType::integer,
                 .fallback = "auto",
                 .help = "samples/s of each channel; auto: 48000, or as the file is",
                 .words = {"auto"},
                 .min = kSampleRateMin,
                 .max = kSampleRateMax});
  device.option({.name = "channels",
                 .type = ValueType::integer,
                 .fallback = "auto",
                 .help = "auto: 2, or as the file is",
                 .words = {"auto"},
                 .min = 1,
                 .max = kChannelsMax});
  device.option({.name = "format",
                 .fallback = "s16",
                 .help = "of the samples",
                 .choices = {"s16", "s32", "f32"}});
  device.option({.name = "chunk",
                 .type = ValueType::duration,
                 .fallback = "10ms",
                 .help = "sound in one event, from 1ms to 1s"});
  device.option({.name = "duration",
                 .type = ValueType::duration,
                 .fallback = "0s",
                 .help = "of all the sound, then finish; 0s: for ever"});
  device.option({.name = "pace",
                 .fallback = "live",
                 .help = "live: at its rate; max: as fast as it is taken",
                 .choices = {"live", "max"}});
  device.option({.name = "exhausted",
                 .fallback = "drop",
                 .help = "without a free slot sound that is due is lost, or waits; with pace: max "
                         "it always waits",
                 .choices = {"drop", "wait"}});
  device.option({.name = "report",
                 .type = ValueType::path,
                 .help = "what was sent, as JSON, written at the end"});
}

Result<AudioSettings> AudioSettings::read(const ConfigReader& config) {
  AudioSettings settings;
  DKVM_TRY(settings.sound, config.text("sound"));
  settings.file = config.find("file").value_or("");
  DKVM_TRY(settings.loop, is(config, "mode", "loop"));
  DKVM_TRY(settings.frequencies, read_frequencies(config));
  DKVM_TRY(settings.level, config.number("level"));
  DKVM_TRY(const std::int64_t rate, number_or_auto(config, "rate"));
  settings.rate = static_cast<std::uint32_t>(rate);
  DKVM_TRY(const std::int64_t channels, number_or_auto(config, "channels"));
  settings.channels = static_cast<std::uint8_t>(channels);
  DKVM_TRY(const std::string format, config.text("format"));
  settings.format = media::sample_format_from_name(format).value_or(SampleFormat::s16);
  DKVM_TRY(settings.chunk, duration_within(config, "chunk", kChunkMin, kChunkMax, "1ms to 1s"));
  DKVM_TRY(settings.duration, duration_within(config, "duration", std::chrono::nanoseconds(0),
                                              kDurationMax, "0s to 8760h"));
  DKVM_TRY(settings.live, is(config, "pace", "live"));
  DKVM_TRY(settings.waits, is(config, "exhausted", "wait"));
  settings.waits = settings.waits || !settings.live;
  DKVM_TRY(settings.report, path_to_write(config, "report"));
  if (settings.sound != "file") DKVM_CHECK(refuse_without_effect(config, "file", "sound: file"));
  if (settings.sound != "sine")
    DKVM_CHECK(refuse_without_effect(config, "frequencies", "sound: sine"));
  if (settings.sound == "file" && settings.file.empty())
    return fail(Errc::invalid, "config key 'file' is required with sound: file");
  return settings;
}

Result<std::unique_ptr<Tone>> AudioSettings::make_tone() {
  if (sound == "file") {
    DKVM_TRY(const media::Codecs* codecs, media::load_codecs());
    DKVM_TRY(auto reader,
             codecs->read_sound(file, {.rate = rate, .channels = channels, .format = format}));
    rate = reader->rate();
    channels = reader->channels();
    return std::make_unique<FileTone>(std::move(reader), loop);
  }
  if (rate == 0) rate = kRateDefault;
  if (channels == 0) channels = kChannelsDefault;
  return std::make_unique<SineTone>(Sine(rate, channels, frequencies, level), format);
}

std::uint64_t AudioSettings::frames_in(std::chrono::nanoseconds time) const {
  const auto ns = static_cast<std::uint64_t>(time.count());
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return std::max<std::uint64_t>(ns / kSecond * rate + ns % kSecond * rate / kSecond, 1);
}

}  // namespace dkvm::dummy
