#include "devices/dummy/config_checks.hpp"
#include "devices/dummy/counted.hpp"
#include "devices/dummy/display/viewer.hpp"
#include "devices/dummy/report.hpp"
#include "devices/media/crc32.hpp"

#include <dkvm/device_main.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace {

using namespace dkvm;

// With `delay` it is a slow consumer that stays responsive: it looks at a
// picture a delay, and keeps the lease of each that waits.
class DummyDisplaySink final : public Device {
 public:
  DummyDisplaySink()
      : Device("dummy-display-sink", "Checks pictures, and writes them into a file"),
        screen_(sink<DisplayFrame, DisplayMode>({.name = "screen", .help = "the pictures"})) {
    declare();
    screen_.on<DisplayMode>([this](const auto& mode, const auto& info) { on_mode(mode, info); });
    screen_.on<DisplayFrame>(
        [this](const auto& frame, const auto& info) { on_frame(frame, info); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    const ConfigReader& config = context.config();
    DKVM_TRY(const std::string check, config.text("check"));
    DKVM_TRY(const auto late, config.duration("late"));
    DKVM_TRY(fail_on_, config.text("fail_on"));
    DKVM_TRY(delay_, config.duration("delay"));
    if (fail_on_ != "nothing" && check != "pattern")
      return fail(Errc::invalid,
                  "config key 'fail_on': '" + fail_on_ + "' needs check: pattern, which tells it");
    DKVM_TRY(const std::string file, pictures_to_write(config, "file"));
    DKVM_TRY(final_, pictures_to_write(config, "final"));
    if (!final_.empty() && !final_.ends_with(".png") && !final_.ends_with(".raw"))
      return fail(Errc::invalid, "config key 'final': '" + final_ +
                                     "' is not the name of one picture, expected .png or .raw");
    DKVM_TRY(report_, dummy::path_to_write(config, "report"));
    if (slow()) screen_.apply_by_hand();
    viewer_.emplace(dummy::Viewer::Options{
        .file = file,
        .check = check == "pattern",
        .late_ns = static_cast<std::uint64_t>(late.count()),
        .loses = slow(),
        .begin = context.incarnation() > 1 ? media::Begin::go_on : media::Begin::anew});
    return {};
  }

  // What went wrong comes last: those are the words that are kept of a device.
  void stop(Context&) override {
    if (!viewer_) return;
    while (!waiting_.empty()) take_first();
    const auto finished = viewer_->finish(final_);
    const auto reported = report_.empty() ? Result<>{} : write_report();
    say_summary();
    if (!finished) fail_at_the_end(finished.error());
    if (!reported) fail_at_the_end(reported.error());
    if (const auto judged = judge(); !judged) fail_at_the_end(judged.error());
  }

 private:
  // Pictures that this sink itself keeps waiting; past it the oldest is taken
  // without its delay. Its share of leases, which is less, bounds them before.
  static constexpr std::size_t kWaitingMax = 64;

  struct Waiting {
    DisplayFrame frame;
    Lease lease;
    std::uint64_t capture_ns;
    std::uint64_t sequence;
  };

  void declare() {
    option({.name = "file",
            .type = ValueType::path,
            .help = "where the pictures go: frame-%06d.png numbers images, .raw is pixels only, "
                    ".y4m, .mp4, .mkv and what else FFmpeg knows are videos"});
    option({.name = "final",
            .type = ValueType::path,
            .help = "where the last picture goes at the end: .png or .raw"});
    option({.name = "check",
            .fallback = "nothing",
            .help = "pattern: the pictures are a dummy-display-source's pattern; count those that "
                    "are lost, late and torn",
            .choices = {"nothing", "pattern"}});
    option({.name = "late",
            .type = ValueType::duration,
            .fallback = "100ms",
            .help = "age from which a picture counts as late"});
    option({.name = "fail_on",
            .fallback = "nothing",
            .help = "end with exit status 1 if a picture was torn; or also if one was lost",
            .choices = {"nothing", "torn", "lost"}});
    option({.name = "delay",
            .type = ValueType::duration,
            .fallback = "0ms",
            .help = "time that each picture takes, to play a slow consumer"});
    option({.name = "report",
            .type = ValueType::path,
            .help = "what has come, as JSON, written at the end"});
  }

  static Result<std::string> pictures_to_write(const ConfigReader& config, const std::string& key) {
    std::string path = config.find(key).value_or("");
    if (path.empty()) return path;
    if (auto checked = media::check_pictures(path); !checked)
      return tl::unexpected<Error>(std::move(checked).error().within("config key '" + key + "'"));
    return path;
  }

  bool slow() const { return delay_.count() > 0; }

  void on_mode(const DisplayMode& mode, const EventInfo& info) {
    if (mode.refresh_mhz != 0) viewer_->set_rate(mode.refresh_mhz / 1000.0);
    if (!slow()) return;
    if (waiting_.empty()) return applied(info.sequence());
    waiting_.back().sequence = info.sequence();  // applied with the picture before it
  }

  void on_frame(const DisplayFrame& frame, const EventInfo& info) {
    if (!slow()) return take(frame, info.bytes(), info.capture_ns());
    waiting_.push_back({frame, info.keep(), info.capture_ns(), info.sequence()});
    if (waiting_.size() == 1) take_later();
    if (waiting_.size() > kWaitingMax) take_first();
  }

  void take_later() {
    context_->after(delay_, [this] {
      if (!waiting_.empty()) take_first();
      if (!waiting_.empty()) take_later();
    });
  }

  void take_first() {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    take(first.frame, first.lease.bytes(), first.capture_ns);
    first.lease.release();
    applied(first.sequence);
  }

  void take(const DisplayFrame& frame, Bytes bytes, std::uint64_t capture_ns) {
    const auto taken = viewer_->take(frame, bytes, capture_ns, now_ns());
    if (!taken) return end(taken.error());
    if (*taken) return;
    Refresh refresh;  // of what: frame
    [[maybe_unused]] const auto sent = screen_.send_upstream(refresh);
  }

  // A stream that takes no report is closing, and says so at its next use.
  void applied(std::uint64_t sequence) {
    [[maybe_unused]] const auto reported = screen_.applied(sequence);
  }

  void end(const Error& error) {
    say_summary();
    context_->finish(error);
  }

  // Not what parks a device: its next run may end well.
  void fail_at_the_end(const Error& error) {
    context_->finish(1);
    context_->finish(error);
  }

  // What fail_on says of the pictures.
  Result<> judge() const {
    const auto& counts = viewer_->counts();
    const std::uint64_t lost = viewer_->sequence().lost();
    const auto bad = [this](std::uint64_t count, const char* what) -> Result<> {
      return fail(Errc::invalid, "fail_on: " + fail_on_ + ", and " + dummy::counted(count, what) +
                                     " came, expected none");
    };
    if (fail_on_ == "nothing") return {};
    if (counts.torn != 0) return bad(counts.torn, "torn picture");
    if (counts.broken != 0) return bad(counts.broken, "broken frame");
    if (fail_on_ == "lost" && lost != 0)
      return fail(Errc::invalid, "fail_on: lost, and " + dummy::counted(lost, "picture") +
                                     " did not come, expected all");
    return {};
  }

  void say_summary() {
    if (std::exchange(summed_up_, true)) return;
    const auto& counts = viewer_->counts();
    const auto& sequence = viewer_->sequence();
    const auto text = [](std::uint64_t count, const char* what) {
      return ", " + std::to_string(count) + " " + what;
    };
    log_info(dummy::counted(counts.pictures, "picture") + text(counts.partial, "partial") +
             text(sequence.lost(), "lost") + text(sequence.late(), "late") +
             text(counts.torn, "torn") + text(counts.broken, "broken"));
  }

  Result<> write_report() const {
    const auto& counts = viewer_->counts();
    const auto& sequence = viewer_->sequence();
    const media::Canvas& last = viewer_->last();
    return dummy::write_report(report_, {{"frames", counts.pictures},
                                         {"whole", counts.whole},
                                         {"partial", counts.partial},
                                         {"lost", sequence.lost()},
                                         {"late", sequence.late()},
                                         {"torn", counts.torn},
                                         {"broken", counts.broken},
                                         {"orphans", counts.orphans},
                                         {"repeated", sequence.repeated()},
                                         {"backwards", sequence.backwards()},
                                         {"last", sequence.last()},
                                         {"width", std::uint64_t{last.width()}},
                                         {"height", std::uint64_t{last.height()}},
                                         {"format", last.empty() ? "" : fourcc_name(last.fourcc())},
                                         {"crc32", std::uint64_t{media::crc32(last.bytes())}}});
  }

  InPort& screen_;
  Context* context_ = nullptr;
  std::optional<dummy::Viewer> viewer_;
  std::string fail_on_;
  std::string final_;
  std::string report_;
  std::chrono::nanoseconds delay_{0};
  std::deque<Waiting> waiting_;
  bool summed_up_ = false;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyDisplaySink>(argc, argv); }
