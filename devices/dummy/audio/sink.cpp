#include "devices/dummy/audio/listener.hpp"
#include "devices/dummy/config_checks.hpp"
#include "devices/dummy/counted.hpp"
#include "devices/dummy/report.hpp"

#include <dkvm/device_main.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace dkvm;

class DummyAudioSink final : public Device {
 public:
  DummyAudioSink() : Device("dummy-audio-sink", "Writes sound into a WAV file") {
    option({.name = "file", .type = ValueType::path, .help = "where the sound goes: a .wav"});
    option({.name = "fill",
            .type = ValueType::boolean,
            .fallback = "false",
            .help = "write silence for what is missing, 60 s of a gap at most"});
    option({.name = "longest",
            .type = ValueType::duration,
            .fallback = "10m",
            .help = "of sound in the file; what comes after it is not written. 0s: no end"});
    option({.name = "report",
            .type = ValueType::path,
            .help = "what has come, as JSON, written at the end"});
    sink<AudioFrame>({.name = "sound", .help = "the sound"})
        .on<AudioFrame>([this](const AudioFrame& frame, const EventInfo& info) {
          if (const auto taken = listener_->take(frame, info.bytes()); !taken) end(taken.error());
        });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    const ConfigReader& config = context.config();
    DKVM_TRY(const bool fill, config.flag("fill"));
    DKVM_TRY(const std::chrono::nanoseconds longest, config.duration("longest"));
    DKVM_TRY(report_, dummy::path_to_write(config, "report"));
    DKVM_TRY(const std::string file, dummy::path_to_write(config, "file"));
    if (!file.empty() && !file.ends_with(".wav"))
      return fail(Errc::invalid,
                  "config key 'file': '" + file + "' is not the name of a WAV, expected .wav");
    listener_.emplace(dummy::Listener::Options{
        .file = file,
        .fill = fill,
        .longest = longest,
        .begin = context.incarnation() > 1 ? media::Begin::go_on : media::Begin::anew});
    return {};
  }

  // What went wrong comes last: those are the words that are kept of a device.
  void stop(Context&) override {
    if (!listener_) return;
    const auto finished = listener_->finish();
    const auto reported = report_.empty() ? Result<>{} : write_report();
    say_summary();
    if (!finished) fail_at_the_end(finished.error());
    if (!reported) fail_at_the_end(reported.error());
  }

 private:
  void end(const Error& error) {
    say_summary();
    context_->finish(error);
  }

  // Not what parks a device: its next run may end well.
  void fail_at_the_end(const Error& error) {
    context_->finish(1);
    context_->finish(error);
  }

  void say_summary() {
    if (std::exchange(summed_up_, true)) return;
    const auto& counts = listener_->counts();
    log_info(dummy::counted(counts.samples, "sample") + ", " + std::to_string(counts.lost) +
             " lost in " + dummy::counted(counts.gaps, "gap"));
  }

  Result<> write_report() const {
    const auto& counts = listener_->counts();
    const auto& shape = listener_->shape();
    return dummy::write_report(
        report_, {{"chunks", counts.chunks},
                  {"samples", counts.samples},
                  {"gaps", counts.gaps},
                  {"lost", counts.lost},
                  {"restarts", counts.restarts},
                  {"broken", counts.broken},
                  {"unwritten", counts.unwritten},
                  {"refused", counts.refused},
                  {"rate", std::uint64_t{shape ? shape->rate : 0}},
                  {"channels", std::uint64_t{shape ? shape->channels : std::uint8_t{0}}},
                  {"format", shape ? wire::EnumNameSampleFormat(shape->format) : ""},
                  {"crc32", std::uint64_t{listener_->crc32()}}});
  }

  Context* context_ = nullptr;
  std::optional<dummy::Listener> listener_;
  std::string report_;
  bool summed_up_ = false;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyAudioSink>(argc, argv); }
