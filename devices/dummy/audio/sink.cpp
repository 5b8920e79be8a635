#include "devices/dummy/audio/listener.hpp"
#include "devices/dummy/report.hpp"

#include <dkvm/device_main.hpp>

#include <optional>

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
    option({.name = "report",
            .type = ValueType::path,
            .help = "what has come, as JSON, written at the end"});
    sink<AudioFrame>({.name = "sound", .help = "the sound"})
        .on<AudioFrame>([this](const AudioFrame& frame, const EventInfo& info) {
          if (const auto taken = listener_->take(frame, info.bytes()); !taken)
            context_->finish(taken.error());
        });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    const ConfigReader& config = context.config();
    DKVM_TRY(const bool fill, config.flag("fill"));
    report_ = config.find("report").value_or("");
    const std::string file = config.find("file").value_or("");
    listener_.emplace(dummy::Listener::Options{.file = file, .fill = fill});
    if (!file.empty()) DKVM_CHECK(media::load_codecs());  // not when the first sound comes
    return {};
  }

  void stop(Context&) override {
    if (!listener_) return;
    if (const auto finished = listener_->finish(); !finished) context_->finish(finished.error());
    const auto& counts = listener_->counts();
    log_info(std::to_string(counts.samples) + " samples, " + std::to_string(counts.lost) +
             " lost in " + std::to_string(counts.gaps) + " gaps");
    if (report_.empty()) return;
    if (const auto written = write_report(); !written) context_->finish(written.error());
  }

 private:
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
                  {"refused", counts.refused},
                  {"rate", std::uint64_t{shape ? shape->rate : 0}},
                  {"channels", std::uint64_t{shape ? shape->channels : std::uint8_t{0}}},
                  {"format", shape ? wire::EnumNameSampleFormat(shape->format) : ""},
                  {"crc32", std::uint64_t{listener_->crc32()}}});
  }

  Context* context_ = nullptr;
  std::optional<dummy::Listener> listener_;
  std::string report_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyAudioSink>(argc, argv); }
