#include "devices/dummy/audio/listener.hpp"

#include "devices/dummy/counted.hpp"
#include "devices/media/crc32.hpp"
#include "devices/media/samples.hpp"
#include "devices/media/wav_file.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace dkvm::dummy {
namespace {

constexpr std::uint64_t kSilenceSecondsMax = 60;  // in one gap; a longer one is not filled

std::string described(const Sound& sound) {
  return counted(sound.channels, "channel") + " at " + std::to_string(sound.rate) + " Hz";
}

}  // namespace

Result<> Listener::take(const AudioFrame& frame, Bytes buffer) {
  const auto sound = Sound::of(frame, buffer);
  if (!sound) {
    ++counts_.broken;
    complaints_.say("a frame that is no sound: " + sound.error().message());
    return {};
  }
  if (!shape_) DKVM_CHECK(begin(*sound, frame.position));
  if (sound->rate != shape_->rate || sound->channels != shape_->channels) {
    ++counts_.refused;
    complaints_.say("sound of " + described(*sound) + ", expected " + described(*shape_) +
                    " as it began");
    return {};
  }
  DKVM_CHECK(mind_gap(frame.position));
  expected_ = frame.position + sound->frames;
  ++counts_.chunks;
  counts_.samples += sound->frames;
  return write(*sound);
}

Result<> Listener::begin(const Sound& sound, std::uint64_t position) {
  shape_ = sound;
  shape_->samples = {};
  expected_ = position;
  if (options_.file.empty()) return {};
  if (options_.longest.count() != 0) {
    const auto seconds = std::chrono::duration<double>(options_.longest).count();
    const std::uint64_t most = static_cast<std::uint64_t>(seconds * sound.rate) * sound.channels *
                               bytes_per_sample(sound.format);
    std::error_code none;
    const auto there = std::filesystem::file_size(options_.file, none);
    const bool goes_on = options_.begin == media::Begin::go_on && !none;
    left_bytes_ = most - std::min<std::uint64_t>(most, goes_on ? there : 0);
  }
  DKVM_TRY(writer_, media::write_wav(options_.file, sound.rate, sound.channels, sound.format,
                                     options_.begin));
  return {};
}

Result<> Listener::mind_gap(std::uint64_t position) {
  if (position < expected_) {
    ++counts_.restarts;
    complaints_.say("the sound begins anew");
  }
  if (position <= expected_) return {};
  const std::uint64_t missing = position - expected_;
  ++counts_.gaps;
  counts_.lost += missing;
  complaints_.say(counted(missing, "sample") + " missing before " + std::to_string(position));
  return options_.fill ? write_silence(missing) : Result<>{};
}

// In the format that the file began with.
Result<> Listener::write(const Sound& sound) {
  const std::size_t count = sound.samples.size() / bytes_per_sample(sound.format);
  converted_.resize(count * bytes_per_sample(shape_->format));
  media::convert_samples(sound.format, sound.samples, shape_->format, converted_);
  crc32_ = media::crc32(converted_, crc32_);
  return append(converted_);
}

// Whole chunks, until the file is as long as it may get.
Result<> Listener::append(Bytes samples) {
  if (!writer_ || samples.empty()) return {};
  if (samples.size() > left_bytes_) {
    if (left_bytes_ != 0)
      complaints_.say("the file is as long as it may get (longest): no more is written");
    left_bytes_ = 0;
    counts_.unwritten += samples.size() / shape_->channels / bytes_per_sample(shape_->format);
    return {};
  }
  left_bytes_ -= samples.size();
  return writer_->write(samples);
}

Result<> Listener::write_silence(std::uint64_t frames) {
  if (!writer_) return {};
  if (frames > kSilenceSecondsMax * shape_->rate) {
    complaints_.say("a gap of more than " + std::to_string(kSilenceSecondsMax) +
                    " s is not filled");
    return {};
  }
  const std::size_t frame_bytes = std::size_t{bytes_per_sample(shape_->format)} * shape_->channels;
  const std::vector<std::byte> silence(shape_->rate * frame_bytes);  // a second
  for (std::size_t left = static_cast<std::size_t>(frames) * frame_bytes; left > 0;) {
    const std::size_t bytes = std::min(left, silence.size());
    DKVM_CHECK(append(Bytes(silence).first(bytes)));
    left -= bytes;
  }
  return {};
}

Result<> Listener::finish() { return writer_ ? writer_->finish() : Result<>{}; }

}  // namespace dkvm::dummy
