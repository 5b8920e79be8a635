#include "devices/dummy/audio/settings.hpp"
#include "devices/dummy/pace.hpp"
#include "devices/dummy/report.hpp"
#include "devices/media/crc32.hpp"

#include <dkvm/device_main.hpp>

#include <algorithm>
#include <utility>

namespace {

using namespace dkvm;

// Sends a chunk of sound whenever its first sample is due, in a slot each.
class DummyAudioSource final : public Device {
 public:
  DummyAudioSource()
      : Device("dummy-audio-source", "Plays sine tones, or the sound of a file"),
        sound_(source<AudioFrame>({.name = "sound", .help = "the sound"})) {
    dummy::AudioSettings::declare(*this);
  }

  Result<> start(Context& context) override {
    context_ = &context;
    DKVM_TRY(settings_, dummy::AudioSettings::read(context.config()));
    DKVM_TRY(tone_, settings_.make_tone());
    pace_ = dummy::Pace(settings_.live ? settings_.rate : 0);
    chunk_ = settings_.frames_in(settings_.chunk);
    if (settings_.duration.count() != 0) end_ = settings_.frames_in(settings_.duration);
    sound_.on_resume([this] { go_on(); });
    sound_.on_slots([this] { go_on(); });
    DKVM_CHECK(
        sound_.open_pool({.slot_bytes = static_cast<std::size_t>(chunk_) * settings_.frame_bytes(),
                          .slots = kSlots}));
    started_ = true;
    return {};  // the first slots set it going
  }

  void stop(Context&) override { report(); }

 private:
  static constexpr unsigned kSlots = 8;
  static constexpr std::uint64_t kEndless = UINT64_MAX;

  // There may be a slot again, or the port goes on. Sound that had to wait is
  // made up for: its samples keep their times.
  void go_on() {
    if (!begun_) pace_.begin(0, now_ns());
    begun_ = true;
    if (timer_ == 0) step();
  }

  // Sends all that is due, then waits: for the next to be due, a slot, a resume.
  void step() {
    timer_ = 0;
    while (!ended_ && !sound_.paused()) {
      if (index_ == end_) return finish();
      const std::uint64_t due = pace_.due_ns(index_);
      if (due > now_ns()) return wait_until(due);
      auto slot = sound_.borrow();
      if (!slot && settings_.waits) return;
      if (!chunk(slot ? std::move(*slot) : Slot())) return;
      if (!settings_.live) return go_on_when_idle();
    }
  }

  void go_on_when_idle() {
    context_->on_idle([this] {
      step();
      return false;
    });
  }

  void wait_until(std::uint64_t time_ns) {
    timer_ = context_->at(time_ns, [this] { step(); });
  }

  // Sends the next chunk, or lets it go by without a slot. False when it is not
  // to go on at once.
  bool chunk(Slot slot) {
    const auto frames = static_cast<std::size_t>(std::min(chunk_, end_ - index_));
    lost_.resize(slot ? 0 : frames * settings_.frame_bytes());
    const std::span<std::byte> out =
        slot ? slot.bytes().first(frames * settings_.frame_bytes()) : std::span(lost_);
    const auto filled = tone_->fill(index_, out);
    if (!filled) return give_up(filled.error());
    const Bytes samples = out.first(*filled);
    if (samples.size() < out.size()) end_ = index_ + samples.size() / settings_.frame_bytes();
    if (samples.empty()) {
      finish();
      return false;
    }
    if (!slot) {
      ++dropped_;
    } else if (!send(std::move(slot), samples)) {
      return false;
    }
    index_ += samples.size() / settings_.frame_bytes();
    return true;
  }

  bool send(Slot slot, Bytes samples) {
    AudioFrame frame;
    frame.rate = settings_.rate;
    frame.channels = settings_.channels;
    frame.format = settings_.format;
    frame.frames = static_cast<std::uint32_t>(samples.size() / settings_.frame_bytes());
    frame.position = index_;
    const std::uint64_t capture_ns = settings_.live ? pace_.due_ns(index_) : now_ns();
    const auto sent = sound_.publish(std::move(slot), samples.size(), frame, capture_ns);
    if (!sent && sent.error().code() == Errc::overloaded) {
      ++dropped_;
      return true;
    }
    if (!sent) return give_up(sent.error());
    crc32_ = media::crc32(samples, crc32_);
    ++chunks_;
    sent_ += frame.frames;
    return true;
  }

  // False: it does not go on.
  bool give_up(const Error& error) {
    ended_ = true;
    context_->finish(error);
    return false;
  }

  void finish() {
    ended_ = true;
    report();
    context_->finish(0);
  }

  // Once, and before the status of its end is settled.
  void report() {
    if (!started_ || settings_.report.empty() || std::exchange(reported_, true)) return;
    const auto written =
        dummy::write_report(settings_.report, {{"chunks", chunks_},
                                               {"samples", sent_},
                                               {"dropped", dropped_},
                                               {"exhausted", sound_.exhausted()},
                                               {"rate", std::uint64_t{settings_.rate}},
                                               {"channels", std::uint64_t{settings_.channels}},
                                               {"crc32", std::uint64_t{crc32_}}});
    if (written) return;
    context_->finish(1);  // not what parks a device: its next run may end well
    context_->finish(written.error());
  }

  OutPort& sound_;
  Context* context_ = nullptr;
  dummy::AudioSettings settings_;
  std::unique_ptr<dummy::Tone> tone_;
  dummy::Pace pace_{0};
  Context::Timer timer_ = 0;
  std::uint64_t chunk_ = 0;  // samples per channel, as all below
  std::uint64_t end_ = kEndless;
  std::uint64_t index_ = 0;  // of the next one
  bool started_ = false;
  bool reported_ = false;
  bool begun_ = false;
  bool ended_ = false;
  std::vector<std::byte> lost_;  // where a chunk goes that nobody gets

  std::uint64_t chunks_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t dropped_ = 0;  // chunks
  std::uint32_t crc32_ = 0;    // of all samples sent
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyAudioSource>(argc, argv); }
